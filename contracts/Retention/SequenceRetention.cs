namespace HyperBdr.Contracts.Retention;

/// <summary>A good point of one host, as retention sees it.</summary>
/// <param name="Id">Of the point.</param>
/// <param name="TakenAt">When its disks were as they are kept.</param>
/// <param name="Ordinals">Its places in its periods.</param>
public sealed record RetainablePoint(string Id, DateTimeOffset TakenAt, PeriodOrdinals Ordinals);

/// <summary>Which points of a host a policy's rules keep, and until when. Pure functions.</summary>
public static class SequenceRetention
{
    /// <summary>For each point that some rule matches, the latest expiry, which may be over; a point that is not in the answer is ordinary.</summary>
    /// <param name="points">All good points of one host, in any order.</param>
    /// <param name="rules">The rules of its policy.</param>
    /// <param name="zone">The policy's.</param>
    /// <param name="now">Decides which periods have closed.</param>
    public static IReadOnlyDictionary<string, DateTimeOffset> Evaluate(IEnumerable<RetainablePoint> points, IReadOnlyCollection<SequenceRule> rules, TimeZoneInfo zone, DateTimeOffset now)
    {
        List<RetainablePoint> ordered = [.. points.OrderBy(p => p.TakenAt).ThenBy(p => p.Id, StringComparer.Ordinal)];
        var kept = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var rule in rules)
        {
            for (var i = 0; i < ordered.Count; i++)
            {
                if (!Matches(rule, ordered[i], i + 1 < ordered.Count ? ordered[i + 1] : null, zone, now)) continue;
                var until = PolicyCalendar.Add(ordered[i].TakenAt, rule.Keep, rule.Unit, zone);
                if (!kept.TryGetValue(ordered[i].Id, out var other) || other < until) kept[ordered[i].Id] = until;
            }
        }

        return kept;
    }

    private static bool Matches(SequenceRule rule, RetainablePoint point, RetainablePoint? next, TimeZoneInfo zone, DateTimeOffset now)
    {
        var period = PolicyCalendar.PeriodOf(rule.Period, point.TakenAt, zone);
        if (rule.Since is { } since && period < PolicyCalendar.PeriodOf(rule.Period, since, zone)) return false;
        var place = point.Ordinals.In(rule.Period);
        if (place == rule.Ordinal) return true;
        // A closed period with fewer points: its last one stands in.
        return place < rule.Ordinal && now >= PolicyCalendar.EndOf(rule.Period, period, zone)
            && (next is null || PolicyCalendar.PeriodOf(rule.Period, next.TakenAt, zone) != period);
    }
}
