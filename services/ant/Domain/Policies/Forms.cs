using HyperBdr.Contracts.Retention;
using NodaTime;

namespace HyperBdr.Ant.Domain.Policies;

public enum Cycle
{
    Minutes,
    Hours,
    Days,
    Weekly,
    Monthly,
}

public enum Weekday
{
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// <summary>When syncs of one mode run: a time period, or a crontab expression and nothing else.</summary>
/// <param name="Every">N of minutes (5 to 59), hours (1 to 23) or days (1 to 30).</param>
/// <param name="Time">Time of day, <c>HH:mm</c>, for days, weekly and monthly.</param>
/// <param name="Dates">1 to 31, for monthly; a date that a month does not have is skipped.</param>
/// <param name="EndOfMonth">The last day, for monthly.</param>
public sealed record ScheduleForm(Cycle? Cycle, int? Every, string? Time, IReadOnlyList<Weekday>? Weekdays, IReadOnlyList<int>? Dates, bool? EndOfMonth, string? Cron);

/// <summary>A time in which the hosts of a policy send no faster than <paramref name="Mbps"/> (10^6 bit/s of payload, each host for itself).</summary>
/// <param name="Cycle">Days, weekly or monthly; the same for all windows of a policy.</param>
/// <param name="From"><c>HH:mm</c>.</param>
/// <param name="To"><c>HH:mm</c>, that minute included; earlier than <paramref name="From"/> it lies on the next day.</param>
public sealed record WindowForm(Cycle Cycle, int? Every, IReadOnlyList<Weekday>? Weekdays, IReadOnlyList<int>? Dates, bool? EndOfMonth, string From, string To, decimal Mbps);

/// <summary>"Each {period}, the {ordinal}-th point, keep {keep} {unit}."</summary>
public sealed record RetentionForm(CalendarUnit Period, int Ordinal, int Keep, CalendarUnit Unit)
{
    internal SequenceRule Rule => new(Period, Ordinal, Keep, Unit);
}

/// <summary>Days of a calendar on which something happens.</summary>
/// <param name="Every">Every so many days from the first, else 0.</param>
internal sealed record DayRule(Cycle Cycle, int Every, IReadOnlyCollection<Weekday> Weekdays, IReadOnlyCollection<int> Dates, bool EndOfMonth)
{
    public bool Matches(LocalDate day, LocalDate first) => Cycle switch
    {
        Cycle.Days => day >= first && Period.DaysBetween(first, day) % Every == 0,
        Cycle.Weekly => Weekdays.Contains((Weekday)((int)day.DayOfWeek - 1)),
        Cycle.Monthly => Dates.Contains(day.Day) || (EndOfMonth && day.Day == day.Calendar.GetDaysInMonth(day.Year, day.Month)),
        _ => false,
    };
}
