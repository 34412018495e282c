namespace HyperBdr.Demo.Ledger;

/// <summary>Prefixes that lie one after the other and have the same content.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Last">The last of them: the next entry makes the content another one.</param>
/// <param name="From">When the content came to be; null when the disk began with it.</param>
/// <param name="Until">When it ended to be; null when it is so still.</param>
public sealed record PrefixRun(long First, long Last, DateTimeOffset? From, DateTimeOffset? Until)
{
    /// <summary>The disk was so at some moment of the window.</summary>
    public bool Touches(DateTimeOffset begin, DateTimeOffset end) => (From is null || From <= end) && (Until is null || Until >= begin);
}
