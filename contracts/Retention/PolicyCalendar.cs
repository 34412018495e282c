namespace HyperBdr.Contracts.Retention;

/// <summary>Calendar arithmetic in a policy's time zone.</summary>
public static class PolicyCalendar
{
    /// <summary>The first day of the period that a moment lies in.</summary>
    public static DateOnly PeriodOf(CalendarUnit period, DateTimeOffset at, TimeZoneInfo zone)
    {
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime);
        return period switch
        {
            CalendarUnit.Day => day,
            CalendarUnit.Week => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)),
            CalendarUnit.Month => new DateOnly(day.Year, day.Month, 1),
            _ => new DateOnly(day.Year, 1, 1),
        };
    }

    /// <summary>The moment at which a period is over.</summary>
    public static DateTimeOffset EndOf(CalendarUnit period, DateOnly first, TimeZoneInfo zone) => Moment(Plus(first.ToDateTime(TimeOnly.MinValue), period, 1), zone);

    /// <summary>A moment moved on by whole calendar units; the time of day stays.</summary>
    public static DateTimeOffset Add(DateTimeOffset at, int count, CalendarUnit unit, TimeZoneInfo zone) =>
        Moment(Plus(TimeZoneInfo.ConvertTime(at, zone).DateTime, unit, count), zone);

    private static DateTime Plus(DateTime local, CalendarUnit unit, int count) => unit switch
    {
        CalendarUnit.Day => local.AddDays(count),
        CalendarUnit.Week => local.AddDays(7 * count),
        CalendarUnit.Month => local.AddMonths(count),
        _ => local.AddYears(count),
    };

    /// <summary>A time that the clock leaps over is the moment of the leap; of a time that comes twice, the first.</summary>
    private static DateTimeOffset Moment(DateTime local, TimeZoneInfo zone)
    {
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        while (zone.IsInvalidTime(local)) local = new DateTime(local.Ticks - (local.Ticks % TimeSpan.TicksPerMinute)).AddMinutes(1);
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }
}
