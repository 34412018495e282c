namespace HyperBdr.Engine.Maintenance;

/// <summary>When and how a collection removes what no recovery point needs.</summary>
public sealed record CollectPolicy
{
    /// <summary>
    /// By the store's clock: a pack is condemned at this age at the earliest, so that running sessions and those that were cut keep what they
    /// have stored, and a condemned pack is deleted no earlier than this after that. The two epochs between are what makes it safe; the time
    /// is for clocks, programs and people that are wrong.
    /// </summary>
    public TimeSpan MinimumAge { get; init; } = TimeSpan.FromHours(24);

    /// <summary>When the store's clock is believed.</summary>
    public ClockPolicy Clock { get; init; } = ClockPolicy.Default;

    /// <summary>A pack with less than this share of live bytes is written anew, 0 to 1; 0 for never.</summary>
    public double CompactBelow { get; init; } = 0.6;

    /// <summary>Bytes of packs that one run compacts at most; the next run goes on.</summary>
    public long CompactBytes { get; init; } = 4L << 30;

    /// <summary>Index objects of less than an eighth of the full size from which on they are put together.</summary>
    public int MostSmallIndexObjects { get; init; } = 64;

    /// <summary>Reports missing data instead of failing; such a run condemns and deletes nothing.</summary>
    public bool ReportMissingData { get; init; }

    internal CollectPolicy Checked() => MinimumAge >= TimeSpan.Zero && CompactBelow is >= 0 and <= 1 && CompactBytes >= 0 && MostSmallIndexObjects >= 2
        ? this
        : throw new EngineException(Fault.InvalidArgument, "collect policy", "has a value outside of its range");
}

/// <summary>Counts of a running collection; may be read at any time from any thread.</summary>
public sealed class CollectProgress
{
    private long points, marked, compacted, deleted;

    /// <summary>Recovery points whose maps were walked.</summary>
    public long Points => Interlocked.Read(ref points);

    /// <summary>Chunks and map nodes that were marked.</summary>
    public long Marked => Interlocked.Read(ref marked);

    /// <summary>Packs that were written anew.</summary>
    public long Compacted => Interlocked.Read(ref compacted);

    /// <summary>Packs that were deleted.</summary>
    public long Deleted => Interlocked.Read(ref deleted);

    internal void AddPoint() => Interlocked.Increment(ref points);

    internal void AddMarked() => Interlocked.Increment(ref marked);

    internal void AddCompacted() => Interlocked.Increment(ref compacted);

    internal void AddDeleted() => Interlocked.Increment(ref deleted);
}

/// <summary>What a collection did.</summary>
/// <param name="Epoch">The epoch that it published; the one before when <see cref="CollectPolicy.ReportMissingData"/> ended it.</param>
/// <param name="Points">Points that hold.</param>
/// <param name="VoidPoints">Manifests of points that do not hold: their sessions were told that they failed.</param>
/// <param name="Condemned">Packs that were condemned now.</param>
/// <param name="NeededAgain">Packs that are no longer condemned.</param>
/// <param name="Waiting">Packs that wait for their deletion.</param>
/// <param name="Compacted">Packs that were written anew.</param>
/// <param name="DeletedPacks">Packs that were deleted.</param>
/// <param name="DeletedBytes">Their bytes.</param>
/// <param name="Superseded">Another collector went on meanwhile; what was left to delete is left to it.</param>
/// <param name="Findings">Damage that was met and did not end the run.</param>
public sealed record CollectResult(
    uint Epoch, int Points, IReadOnlyList<string> VoidPoints, int Condemned, int NeededAgain, int Waiting, int Compacted, int DeletedPacks, long DeletedBytes, bool Superseded, IReadOnlyList<Finding> Findings);
