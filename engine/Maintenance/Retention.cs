using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Engine.Maintenance;

/// <summary>Decides which recovery points are kept, and why. A pure function: the order of the points does not matter.</summary>
/// <remarks>
/// The last good point of a host is never deleted. Without <see cref="RetentionPolicy.MaxCount"/>, a policy that keeps more in any rule keeps at least
/// the same points; and deciding again over what is left deletes nothing more, but for what <see cref="KeepReason.DeleteShare"/> put off.
/// </remarks>
public static class Retention
{
    /// <summary>A point further in the future than this is not believed.</summary>
    public static readonly TimeSpan FutureSlack = TimeSpan.FromHours(1);

    /// <summary>One decision for each point; hosts by name, the newest point first.</summary>
    /// <param name="points">The points of any number of hosts.</param>
    /// <param name="policy">The same for all of them.</param>
    /// <param name="now">By the store's clock.</param>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: the policy keeps nothing, or names no time zone.</exception>
    public static IReadOnlyList<RetentionDecision> Decide(IReadOnlyCollection<RetentionPoint> points, RetentionPolicy policy, DateTimeOffset now)
    {
        var zone = policy.Checked();
        return [.. points.GroupBy(p => p.Host, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).SelectMany(host => new HostRetention([.. host], policy, zone, now).Decide())];
    }

    /// <summary>A listed point as retention sees it.</summary>
    public static RetentionPoint Of(PointEntry entry, bool damaged) => entry.Point is { } point
        ? new RetentionPoint(entry.Id, point.Host, point.TakenAt, [.. point.Tags.Keys], !entry.Holds ? PointState.Void : damaged ? PointState.Damaged : PointState.Good)
        : new RetentionPoint(entry.Id, "", null, [], PointState.Unreadable);

    /// <summary>Deletes the manifests that a policy does not keep; their data goes with later collections.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="policy">What is kept.</param>
    /// <param name="host">Only this host's points; null for all. Points whose host cannot be read are of no host.</param>
    /// <param name="damaged">Points that a verification found damaged: no rule counts them, and they are kept.</param>
    /// <param name="dryRun">Only decides.</param>
    /// <param name="ct">Cancels between deletions.</param>
    /// <exception cref="EngineException"><see cref="Fault.ClockJumped"/>: a point lies so far ahead of the store's clock that ages mean nothing. Or a fault of the store.</exception>
    public static async Task<IReadOnlyList<RetentionDecision>> RunAsync(Repository repository, RetentionPolicy policy, string? host, IReadOnlySet<PointId> damaged, bool dryRun, CancellationToken ct)
    {
        var entries = await repository.ListPointsAsync(ct);
        var clock = await StoreClock.ReadAsync(repository, entries, ClockPolicy.Default, ct);
        var decisions = Decide([.. entries.Where(e => host is null || e.Point?.Host == host).Select(e => Of(e, damaged.Contains(e.Id)))], policy, clock);
        if (dryRun) return decisions;
        // The oldest first: what a crash leaves is a shorter history, not one with a gap.
        foreach (var decision in decisions.Reverse().Where(d => !d.Keep)) await repository.Points.DeleteAsync(decision.Point.Id, ct);
        return decisions;
    }
}

/// <summary>The points of one host.</summary>
internal sealed class HostRetention(List<RetentionPoint> points, RetentionPolicy policy, TimeZoneInfo zone, DateTimeOffset now)
{
    private readonly Dictionary<PointId, List<KeepReason>> reasons = points.ToDictionary(p => p.Id, _ => new List<KeepReason>());

    public IEnumerable<RetentionDecision> Decide()
    {
        var ordered = points.OrderByDescending(p => p.TakenAt ?? DateTimeOffset.MaxValue).ThenByDescending(p => p.Id.Value).ToList();
        var good = ordered.Where(IsCounted).ToList();
        Apply(good);
        Cap(good);
        Hold();
        if (good.Count > 0) reasons[good[0].Id].Add(KeepReason.LastGood);
        Spare(good);
        return ordered.Select(p => new RetentionDecision(p, reasons[p.Id]));
    }

    private bool IsCounted(RetentionPoint point)
    {
        if (point.State != PointState.Good || point.TakenAt is null) reasons[point.Id].Add(KeepReason.NotGood);
        else if (point.TakenAt > now + Retention.FutureSlack) reasons[point.Id].Add(KeepReason.FutureTime);
        return reasons[point.Id].Count == 0;
    }

    private void Apply(List<RetentionPoint> good)
    {
        foreach (var point in good.Take(policy.Last)) reasons[point.Id].Add(KeepReason.Last);
        Periods(good, policy.Hourly, KeepReason.Hourly, t => (t.Date.Ticks + (t.Hour * TimeSpan.TicksPerHour), t.Offset.Ticks));
        Periods(good, policy.Daily, KeepReason.Daily, t => (t.Date.Ticks, 0));
        Periods(good, policy.Weekly, KeepReason.Weekly, t => (WeekOf(t), 0));
        Periods(good, policy.Monthly, KeepReason.Monthly, t => (t.Year, t.Month));
        Periods(good, policy.Yearly, KeepReason.Yearly, t => (t.Year, 0));
    }

    // Years 1 and 9999 must not overflow, so the days are counted.
    private long WeekOf(DateTimeOffset time) => (DateOnly.FromDateTime(time.DateTime).DayNumber + 8 - (int)policy.WeekStart) / 7;

    private void Periods(List<RetentionPoint> good, int count, KeepReason reason, Func<DateTimeOffset, (long, long)> period)
    {
        var seen = new HashSet<(long, long)>();
        foreach (var point in good)
        {
            if (seen.Count == count) return;
            if (seen.Add(period(TimeZoneInfo.ConvertTime(point.TakenAt!.Value, zone)))) reasons[point.Id].Add(reason);
        }
    }

    private void Cap(List<RetentionPoint> good)
    {
        if (policy.MaxCount is not { } most) return;
        foreach (var point in good.Where(p => reasons[p.Id].Count > 0).Skip(most)) reasons[point.Id].Clear();
    }

    private void Hold()
    {
        foreach (var point in points)
        {
            if (policy.HoldIds.Contains(point.Id)) reasons[point.Id].Add(KeepReason.HeldById);
            if (point.Tags.Any(policy.HoldTags.Contains)) reasons[point.Id].Add(KeepReason.HeldByTag);
        }
    }

    // What a wrong policy or clock can destroy in one run is limited; the oldest go first.
    private void Spare(List<RetentionPoint> good)
    {
        var most = Math.Max(1, (int)(points.Count * policy.DeleteShare));
        foreach (var point in good.Where(p => reasons[p.Id].Count == 0).Reverse().Skip(most)) reasons[point.Id].Add(KeepReason.DeleteShare);
    }
}
