namespace HyperBdr.Engine.Nbd;

/// <summary>Sizes of a <see cref="CachedSource"/>.</summary>
public sealed record CachedSourceOptions
{
    /// <summary>Memory for cached bytes; half as much again is in use while reads of the source are under way.</summary>
    public int CapacityBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>What is cached and evicted together: a power of two, at least 4096.</summary>
    public int UnitBytes { get; init; } = 64 * 1024;

    /// <summary>The most that one read of the source asks for: a multiple of <see cref="UnitBytes"/>.</summary>
    public int FetchBytes { get; init; } = 1024 * 1024;

    /// <summary>Reads of the source that are under way at one time.</summary>
    public int FetchesInFlight { get; init; } = 8;

    /// <summary>Who is told which units are read first; null: nobody.</summary>
    public ReadTrace? Trace { get; init; }
}
