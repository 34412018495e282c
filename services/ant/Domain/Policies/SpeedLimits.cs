using NodaTime;

namespace HyperBdr.Ant.Domain.Policies;

/// <summary>One window of a speed limit.</summary>
/// <param name="To">The minute that still belongs to it; earlier than <paramref name="From"/>, it is one of the next day.</param>
internal sealed record Window(DayRule Days, LocalTime From, LocalTime To, long BitsPerSecond);

/// <summary>What a policy allows to send at a moment. Pure.</summary>
internal sealed class SpeedLimits(IReadOnlyList<Window> windows, DateTimeZone zone, LocalDate firstDay)
{
    public bool IsEmpty => windows.Count == 0;

    /// <summary>Bits per second of the strictest window; null without one.</summary>
    public long? Lowest => windows.Min(w => (long?)w.BitsPerSecond);

    /// <summary>Bits per second; null outside of every window. Of several windows the lowest limit counts.</summary>
    public long? At(Instant now)
    {
        var local = now.InZone(zone).LocalDateTime;
        return windows.Where(w => Covers(w, local)).Min(w => (long?)w.BitsPerSecond);
    }

    private bool Covers(Window window, LocalDateTime local)
    {
        var minute = local.TimeOfDay.With(TimeAdjusters.TruncateToMinute);
        if (window.From <= window.To) return minute >= window.From && minute <= window.To && window.Days.Matches(local.Date, firstDay);
        return (minute >= window.From && window.Days.Matches(local.Date, firstDay))
            || (minute <= window.To && window.Days.Matches(local.Date.PlusDays(-1), firstDay));
    }
}

/// <summary>The limit of one run: what the call asked for and what the policy's window allows.</summary>
internal static class RunLimit
{
    /// <param name="windows">Null without an enabled policy.</param>
    /// <param name="callMbps">Null: not given; 0: no limit of its own; else Mbps for this run.</param>
    /// <param name="lastMbps">The last value given for the host.</param>
    /// <returns>Bits per second, 0 for no limit. The lower of call and window applies.</returns>
    public static long At(Instant now, SpeedLimits? windows, decimal? callMbps, decimal? lastMbps)
    {
        var window = windows?.At(now);
        var own = callMbps ?? (windows is null or { IsEmpty: true } ? lastMbps : null) ?? 0;
        var bits = (long)(own * 1_000_000);
        return bits == 0 ? window ?? 0 : window is { } w ? Math.Min(w, bits) : bits;
    }
}
