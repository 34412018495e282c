using HyperBdr.Engine.Points;

namespace HyperBdr.Engine.Maintenance;

/// <summary>Which recovery points of a host are kept. A rule keeps the newest point of each of the latest so many periods that have one.</summary>
/// <remarks>At least one rule must keep something: a policy of zeros is refused, not taken for "delete all".</remarks>
public sealed record RetentionPolicy
{
    /// <summary>The newest so many points.</summary>
    public int Last { get; init; }

    /// <summary>Clock hours.</summary>
    public int Hourly { get; init; }

    /// <summary>Calendar days.</summary>
    public int Daily { get; init; }

    /// <summary>Weeks, from <see cref="WeekStart"/> on.</summary>
    public int Weekly { get; init; }

    /// <summary>Calendar months.</summary>
    public int Monthly { get; init; }

    /// <summary>Calendar years.</summary>
    public int Yearly { get; init; }

    /// <summary>Most points of a host that rules may keep, the newest of them; null for no limit. Holds and what is protected come on top.</summary>
    public int? MaxCount { get; init; }

    /// <summary>A point with a tag of one of these names is kept.</summary>
    public IReadOnlySet<string> HoldTags { get; init; } = new HashSet<string>();

    /// <summary>These points are kept.</summary>
    public IReadOnlySet<PointId> HoldIds { get; init; } = new HashSet<PointId>();

    /// <summary>The time zone that hours, days and longer periods are of: an IANA id.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>First day of a week.</summary>
    public DayOfWeek WeekStart { get; init; } = DayOfWeek.Monday;

    /// <summary>Share of a host's points that one run deletes at most, 0 to 1; one point may always go.</summary>
    public double DeleteShare { get; init; } = 0.5;

    internal TimeZoneInfo Checked()
    {
        int[] counts = [Last, Hourly, Daily, Weekly, Monthly, Yearly];
        if (counts.Any(c => c < 0) || counts.All(c => c == 0)) throw Invalid("needs a rule that keeps something, and no negative number");
        if (MaxCount is < 1) throw Invalid("keeps one point at least");
        if (DeleteShare is not (>= 0 and <= 1)) throw Invalid("has a share to delete that is not 0 to 1");
        try
        {
            return TimeZoneInfo.FindSystemTimeZoneById(TimeZone);
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            throw new EngineException(Fault.InvalidArgument, "retention policy", $"there is no time zone {TimeZone}", e);
        }
    }

    private static EngineException Invalid(string message) => new(Fault.InvalidArgument, "retention policy", message);
}

/// <summary>What is known of a point's data.</summary>
public enum PointState
{
    /// <summary>Nothing is known to be wrong with it.</summary>
    Good,
    /// <summary>A verification found damage.</summary>
    Damaged,
    /// <summary>Its manifest cannot be read, so that host and time are not known.</summary>
    Unreadable,
    /// <summary>It does not hold: the collector removes it.</summary>
    Void,
}

/// <summary>A point as retention sees it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Host">Whose it is; empty when that cannot be read.</param>
/// <param name="TakenAt">When it was taken, by the store's clock; null when that cannot be read.</param>
/// <param name="Tags">Names of its tags.</param>
/// <param name="State">What is known of its data.</param>
public sealed record RetentionPoint(PointId Id, string Host, DateTimeOffset? TakenAt, IReadOnlyCollection<string> Tags, PointState State);

/// <summary>Why a point is kept.</summary>
public enum KeepReason
{
    /// <summary>One of the newest.</summary>
    Last,
    /// <summary>The newest of its hour.</summary>
    Hourly,
    /// <summary>The newest of its day.</summary>
    Daily,
    /// <summary>The newest of its week.</summary>
    Weekly,
    /// <summary>The newest of its month.</summary>
    Monthly,
    /// <summary>The newest of its year.</summary>
    Yearly,
    /// <summary>Held by its id.</summary>
    HeldById,
    /// <summary>Held by a tag.</summary>
    HeldByTag,
    /// <summary>The last good point of its host.</summary>
    LastGood,
    /// <summary>Its time is in the future: somebody must look at the clocks.</summary>
    FutureTime,
    /// <summary>It cannot be read, is damaged or is void: not for retention to decide.</summary>
    NotGood,
    /// <summary>No rule keeps it, but this run has deleted its share of the host's points (<see cref="Fault.Protected"/>).</summary>
    DeleteShare,
}

/// <summary>What becomes of a point.</summary>
/// <param name="Point">The point.</param>
/// <param name="Reasons">Why it is kept; empty when it is to be deleted.</param>
public sealed record RetentionDecision(RetentionPoint Point, IReadOnlyList<KeepReason> Reasons)
{
    /// <summary>True when it is kept.</summary>
    public bool Keep => Reasons.Count > 0;

    /// <summary>True when somebody should look at it.</summary>
    public bool NeedsAttention => Reasons.Any(r => r is KeepReason.FutureTime or KeepReason.NotGood or KeepReason.DeleteShare);
}
