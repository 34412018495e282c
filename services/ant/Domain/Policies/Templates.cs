using HyperBdr.Contracts.Retention;

namespace HyperBdr.Ant.Domain.Policies;

/// <summary>A combination that is offered when a policy is made; choosing one only fills the form.</summary>
public sealed record PolicyTemplate(string Key, int Quota, PolicyBody Body);

internal static class Templates
{
    private static readonly Weekday[] WorkingDays = [Weekday.Monday, Weekday.Tuesday, Weekday.Wednesday, Weekday.Thursday, Weekday.Friday];
    private static readonly ScheduleForm Hourly = new(Cycle.Hours, 1, null, null, null, null, null);
    private static readonly ScheduleForm Monthly = Cron("0 0 1 * *");

    public static readonly IReadOnlyList<PolicyTemplate> All =
    [
        new("low_rpo", 32, new PolicyBody(new ScheduleForm(Cycle.Minutes, 5, null, null, null, null, null), null, null, null)),
        new("standard", 48, new PolicyBody(Hourly, Monthly, null, [new RetentionForm(CalendarUnit.Day, 1, 7, CalendarUnit.Day)])),
        new("business_hours", 32, new PolicyBody(Cron("*/30 0-5,18-22 * * *"), null, [new WindowForm(Cycle.Weekly, null, WorkingDays, null, null, "09:00", "18:00", 50)], null)),
        new("long_archive", 128, new PolicyBody(new ScheduleForm(Cycle.Days, 1, "01:00", null, null, null, null), Monthly, null,
            [new RetentionForm(CalendarUnit.Week, 1, 1, CalendarUnit.Year), new RetentionForm(CalendarUnit.Month, 1, 2, CalendarUnit.Year)])),
        new("weekly_baseline", 64, new PolicyBody(Cron("8 * * * *"), Cron("10 0 * * 0"), null, [new RetentionForm(CalendarUnit.Week, 1, 8, CalendarUnit.Week)])),
    ];

    private static ScheduleForm Cron(string text) => new(null, null, null, null, null, null, text);
}
