using NodaTime;

namespace HyperBdr.Ant.Domain.Policies;

/// <summary>The moments at which a schedule fires, in one zone and from one start time on. Pure: nothing but its arguments decides.</summary>
/// <remarks>
/// Minutes and hours are absolute intervals from the start time and know no clock changes. Everything else is wall time: a fixed time
/// runs once where the clock repeats (the first time) and right after the gap where it jumps; stepped times run as often as they exist.
/// </remarks>
internal sealed class Schedule
{
    private const int DaysAhead = 366 * 8;
    private readonly DateTimeZone zone;
    private readonly Instant start;
    private readonly LocalDate firstDay;
    private readonly Duration? interval;
    private readonly CronExpression? cron;
    private readonly DayRule? days;
    private readonly LocalTime time;

    private Schedule(DateTimeZone zone, LocalDateTime start, Duration? interval, CronExpression? cron, DayRule? days, LocalTime time)
    {
        (this.zone, this.start, firstDay) = (zone, zone.FirstAt(start), start.Date);
        (this.interval, this.cron, this.days, this.time) = (interval, cron, days, time);
    }

    public static Schedule Each(Duration interval, DateTimeZone zone, LocalDateTime start) => new(zone, start, interval, null, null, default);

    public static Schedule Of(CronExpression cron, DateTimeZone zone, LocalDateTime start) => new(zone, start, null, cron, null, default);

    public static Schedule On(DayRule days, LocalTime time, DateTimeZone zone, LocalDateTime start) => new(zone, start, null, null, days, time);

    /// <summary>The first tick after <paramref name="after"/>; null when there is none for eight years.</summary>
    public Instant? Next(Instant after) => After(after).Cast<Instant?>().FirstOrDefault();

    /// <summary>Ticks after <paramref name="after"/>, without end (crontab and calendar: for eight years).</summary>
    public IEnumerable<Instant> After(Instant after)
    {
        // A tick at the start time itself counts.
        var from = after < start ? start - Duration.Epsilon : after;
        return interval is { } each ? Intervals(each, from) : WallTimes(from);
    }

    /// <summary>Ticks in (<paramref name="after"/>, <paramref name="until"/>]: how many, and the last.</summary>
    public (long Count, Instant? Last) Within(Instant after, Instant until)
    {
        var (count, last) = (0L, (Instant?)null);
        foreach (var tick in After(after).TakeWhile(t => t <= until)) (count, last) = (count + 1, tick);
        return (count, last);
    }

    private IEnumerable<Instant> Intervals(Duration each, Instant from)
    {
        var passed = from < start ? -1 : (from - start).ToInt64Nanoseconds() / each.ToInt64Nanoseconds();
        for (var k = passed + 1; ; k++) yield return start + each * k;
    }

    private IEnumerable<Instant> WallTimes(Instant from)
    {
        // The day before, for zones whose days overlap.
        var day = from.InZone(zone).Date.PlusDays(-1);
        var last = from;
        for (var i = 0; i < DaysAhead; i++, day = day.PlusDays(1))
        {
            if (!Matches(day)) continue;
            foreach (var tick in TicksOf(day))
            {
                if (tick <= last) continue;
                last = tick;
                yield return tick;
            }
        }
    }

    private bool Matches(LocalDate day) => cron?.Matches(day) ?? days!.Matches(day, firstDay);

    private IEnumerable<Instant> TicksOf(LocalDate day)
    {
        if (cron is null) return [zone.FirstAt(day + time)];
        return cron.IsFixedTime
            ? cron.Times.Select(t => zone.FirstAt(day + t)).Order()
            : cron.Times.SelectMany(t => zone.EachAt(day + t)).Order();
    }
}
