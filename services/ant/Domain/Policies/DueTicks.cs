using NodaTime;

namespace HyperBdr.Ant.Domain.Policies;

/// <summary>What one schedule of a policy has due.</summary>
/// <param name="At">The newest due tick.</param>
/// <param name="Missed">Earlier ticks that were never looked at, because nobody ran.</param>
/// <param name="Runs">False when the newest tick is too old to be caught up.</param>
internal sealed record DueTick(Instant At, long Missed, bool Runs)
{
    private static readonly Duration OldestCatchUp = Duration.FromMinutes(60);

    /// <summary>At most one run per schedule, only of the last tick, only when it is younger than one period and an hour.</summary>
    /// <returns>Null when nothing is due.</returns>
    public static DueTick? Of(Schedule? schedule, Instant handledUntil, Instant now)
    {
        if (schedule is null) return null;
        var (count, last) = schedule.Within(handledUntil, now);
        if (last is not { } tick) return null;
        var age = now - tick;
        var next = schedule.Next(tick);
        return new DueTick(tick, count - 1, age <= OldestCatchUp && (next is null || now < next));
    }
}
