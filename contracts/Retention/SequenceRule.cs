using System.Runtime.InteropServices;

namespace HyperBdr.Contracts.Retention;

/// <summary>A stretch of the calendar in a policy's zone; weeks begin on Monday.</summary>
public enum CalendarUnit
{
    Day,
    Week,
    Month,
    Year,
}

/// <summary>"Each {period}, the {ordinal}-th point, keep {keep} {unit}, then delete."</summary>
/// <param name="Period">The calendar period that is looked at.</param>
/// <param name="Ordinal">1 to 128. Where a period has fewer points when it closes, its last one counts.</param>
/// <param name="Keep">1 to 128.</param>
/// <param name="Unit">Calendar arithmetic: 31 January and a month is the last day of February.</param>
public sealed record SequenceRule(CalendarUnit Period, int Ordinal, int Keep, CalendarUnit Unit)
{
    /// <summary>When the rule was made: points of earlier periods do not match. Null for a rule that always was.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>The place of a point among the good points of its host, in each period that it lies in; counted from 1 when it is made, so that no later deletion changes it.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PeriodOrdinals(int Day, int Week, int Month, int Year)
{
    /// <summary>Of a host's first point.</summary>
    public static readonly PeriodOrdinals First = new(1, 1, 1, 1);

    public int In(CalendarUnit period) => period switch
    {
        CalendarUnit.Day => Day,
        CalendarUnit.Week => Week,
        CalendarUnit.Month => Month,
        _ => Year,
    };

    /// <summary>Of the point that follows this one.</summary>
    public PeriodOrdinals Next(DateTimeOffset ownTime, DateTimeOffset nextTime, TimeZoneInfo zone)
    {
        return new PeriodOrdinals(One(CalendarUnit.Day, Day), One(CalendarUnit.Week, Week), One(CalendarUnit.Month, Month), One(CalendarUnit.Year, Year));

        int One(CalendarUnit period, int before) => PolicyCalendar.PeriodOf(period, ownTime, zone) == PolicyCalendar.PeriodOf(period, nextTime, zone) ? before + 1 : 1;
    }
}
