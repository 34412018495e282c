using HyperBdr.Demo.Api;

namespace HyperBdr.Demo.Protect;

/// <summary>A recovery point and what became of it when it was restored.</summary>
/// <param name="Rpo">What a disaster just before this point was there would have cost: the time since the disks of the point before it; null for the first.</param>
internal sealed record PointResult(string Name, Point Point, TimeSpan? Rpo, IReadOnlyList<DiskResult> Disks)
{
    public bool Holds => Disks.Count > 0 && Disks.All(d => d.Holds) && SameMoment;

    /// <summary>There is a moment at which all disks were as they are in the point.</summary>
    public bool SameMoment
    {
        get
        {
            var begin = Disks.Max(d => d.From) ?? DateTimeOffset.MinValue;
            var end = Disks.Min(d => d.Until ?? DateTimeOffset.MaxValue);
            return begin <= end;
        }
    }
}

/// <summary>A restored disk beside the ledger.</summary>
/// <param name="Prefix">Entries of the journal after which the disk was exactly so; null when it never was.</param>
/// <param name="Holds">It was so at exactly one stretch of the journal, inside of the freeze window, and the ledger's replay has the same SHA-256.</param>
/// <param name="Fault">What does not hold.</param>
internal sealed record DiskResult(string Disk, string Restored, string? Ledger, long? Prefix, DateTimeOffset? From, DateTimeOffset? Until, bool Holds, string? Fault);
