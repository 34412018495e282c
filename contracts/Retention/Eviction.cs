namespace HyperBdr.Contracts.Retention;

/// <summary>A point of one host that counts towards its quota.</summary>
/// <param name="Point">The point.</param>
/// <param name="Good">False for one that failed.</param>
/// <param name="Held">In use or on hold: never removed.</param>
public sealed record CountedPoint(RetainablePoint Point, bool Good, bool Held)
{
    /// <summary>False for one that a verification found damaged: no rule keeps it, and it is no substitute for a whole one.</summary>
    public bool Available { get; init; } = true;

    internal bool Whole => Good && Available;
}

/// <summary>What must go before a host's next point is begun.</summary>
/// <param name="Remove">Ids, in this order.</param>
/// <param name="Exhausted">What may not go fills the quota: the sync must not begin.</param>
public sealed record EvictionPlan(IReadOnlyList<string> Remove, bool Exhausted);

/// <summary>The order in which points make room. Pure functions.</summary>
public static class Eviction
{
    /// <summary>Failed ones first, then those whose retention has expired, then the oldest ordinary ones, until one place of the quota is free.</summary>
    /// <remarks>The last good point stays in any case. With a quota of 1 it goes after the new one is done: plan again then, with the quota and one more.</remarks>
    public static EvictionPlan Plan(IReadOnlyCollection<CountedPoint> points, int quota, IReadOnlyCollection<SequenceRule> rules, TimeZoneInfo zone, DateTimeOffset now)
    {
        var kept = SequenceRetention.Evaluate(points.Where(p => p.Whole).Select(p => p.Point), rules, zone, now);
        var order = points.Where(p => !p.Held && !(kept.TryGetValue(p.Point.Id, out var until) && until > now))
            .OrderBy(p => !p.Good ? 0 : kept.ContainsKey(p.Point.Id) ? 1 : 2).ThenBy(p => p.Point.TakenAt).ThenBy(p => p.Point.Id, StringComparer.Ordinal);
        var left = points.Count;
        var good = points.Count(p => p.Whole);
        var remove = new List<string>();
        var spared = false;
        foreach (var candidate in order.TakeWhile(_ => left > quota - 1))
        {
            if (candidate.Whole && good == 1)
            {
                spared = true;
                continue;
            }

            remove.Add(candidate.Point.Id);
            left--;
            if (candidate.Whole) good--;
        }

        return new EvictionPlan(remove, Exhausted: left > quota - 1 && !(spared && left == 1));
    }

    /// <summary>Points whose retention is over, the oldest first: housekeeping removes them. Never the last good one.</summary>
    public static IReadOnlyList<string> Expired(IReadOnlyCollection<CountedPoint> points, IReadOnlyCollection<SequenceRule> rules, TimeZoneInfo zone, DateTimeOffset now)
    {
        List<CountedPoint> good = [.. points.Where(p => p.Whole).OrderBy(p => p.Point.TakenAt)];
        var kept = SequenceRetention.Evaluate(good.Select(p => p.Point), rules, zone, now);
        return [.. good.Take(Math.Max(0, good.Count - 1)).Where(p => !p.Held && kept.TryGetValue(p.Point.Id, out var until) && until <= now).Select(p => p.Point.Id)];
    }
}
