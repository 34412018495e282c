using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Retention;
using NodaTime;
using NodaTime.Text;

namespace HyperBdr.Ant.Domain.Policies;

/// <summary>What a user enters for a policy.</summary>
/// <param name="Quota">1 to 128 recovery points per host; 7 when absent.</param>
/// <param name="TimeZone">IANA id.</param>
/// <param name="StartTime">Local in <paramref name="TimeZone"/>, <c>yyyy-MM-ddTHH:mm</c> with or without seconds; nothing runs before it.</param>
/// <param name="Direction"><c>dr</c> (also when absent) or <c>failback</c>; cannot be changed.</param>
public sealed record PolicyForm(
    string? Name, int? Quota, string? TimeZone, string? StartTime, string? Direction,
    ScheduleForm? Incremental, ScheduleForm? Full, IReadOnlyList<WindowForm>? SpeedLimit, IReadOnlyList<RetentionForm>? Retention);

/// <summary>The four parts of which a policy has at least one.</summary>
public sealed record PolicyBody(ScheduleForm? Incremental, ScheduleForm? Full, IReadOnlyList<WindowForm>? SpeedLimit, IReadOnlyList<RetentionForm>? Retention);

/// <summary>A form that keeps all rules, and what it means.</summary>
internal sealed record CheckedPolicy(string Name, int Quota, string TimeZone, string StartTime, string Direction, PolicyBody Body, PolicyTimes Times)
{
    public static Result<CheckedPolicy> Of(PolicyForm form)
    {
        if (form.Name?.Trim() is not { Length: >= 2 and <= 64 } name || name.Any(char.IsControl)) return Error.Field("name", "Enter a name of 2 to 64 characters.");
        var quota = form.Quota ?? Policy.DefaultQuota;
        if (quota is < 1 or > Policy.MostPoints) return Error.Field("quota", $"Enter 1 to {Policy.MostPoints} recovery points.");
        if (form.Direction is not (null or "dr" or "failback")) return Error.Field("direction", "Enter dr or failback.");
        if (form is { Incremental: null, Full: null } && form.SpeedLimit is not { Count: > 0 } && form.Retention is not { Count: > 0 })
            return Error.Field("incremental", "A policy has at least one of: incremental, full, speed_limit, retention.");
        var body = new PolicyBody(form.Incremental, form.Full, form.SpeedLimit is { Count: > 0 } ? form.SpeedLimit : null, form.Retention is { Count: > 0 } ? form.Retention : null);
        var times = PolicyTimes.Of(form.TimeZone ?? "", form.StartTime ?? "", body);
        if (times.IsError) return times.Error;
        if (Retention(body.Retention ?? [], quota) is { } fault) return fault;
        return new CheckedPolicy(name, quota, times.Value.Zone.Id, PolicyTimes.Text(times.Value.Start), form.Direction ?? "dr", body, times.Value);
    }

    private static Error? Retention(IReadOnlyList<RetentionForm> rules, int quota) => RetentionBudget.Check(quota, [.. rules.Select(r => r.Rule)]) switch
    {
        null => null,
        { Code: "retention_duplicate" } => Policy.RetentionDuplicate,
        { Code: "retention_exceeds_quota", Message: var why } => Policy.RetentionExceedsQuota with { Message = why },
        var problem => Error.Field("retention", problem.Message),
    };
}

/// <summary>The compiled times of a policy.</summary>
internal sealed record PolicyTimes(DateTimeZone Zone, LocalDateTime Start, Schedule? Incremental, Schedule? Full, SpeedLimits Limits)
{
    private const int WindowsAtMost = 64;
    private static readonly string[] StartPatterns = ["uuuu-MM-dd'T'HH:mm:ss", "uuuu-MM-dd'T'HH:mm"];
    private static readonly LocalTimePattern TimeOfDay = LocalTimePattern.CreateWithInvariantCulture("HH:mm");

    public static Result<PolicyTimes> Of(string zoneId, string startTime, PolicyBody body)
    {
        // JSON can put null into a list.
        if (body.SpeedLimit?.Contains(null!) == true || body.Retention?.Contains(null!) == true) return CommonErrors.Malformed;
        if (Zones.Find(zoneId) is not { } zone) return Error.Field("time_zone", "Enter a time zone by its IANA name, e.g. Asia/Shanghai.");
        if (ParseStart(startTime) is not { } start) return Error.Field("start_time", "Enter a local date and time, e.g. 2026-11-23T08:00:00.");
        var incremental = ScheduleOf("incremental", body.Incremental, zone, start);
        if (incremental.IsError) return incremental.Error;
        var full = ScheduleOf("full", body.Full, zone, start);
        if (full.IsError) return full.Error;
        var limits = LimitsOf(body.SpeedLimit ?? [], zone, start.Date);
        if (limits.IsError) return limits.Error;
        return new PolicyTimes(zone, start, incremental.Value.Schedule, full.Value.Schedule, limits.Value);
    }

    public static string Text(LocalDateTime start) => LocalDateTimePattern.CreateWithInvariantCulture(StartPatterns[0]).Format(start);

    private static LocalDateTime? ParseStart(string text) => StartPatterns
        .Select(p => LocalDateTimePattern.CreateWithInvariantCulture(p).Parse(text))
        .Where(r => r.Success && r.Value.Year is >= 2000 and <= 2200).Select(r => (LocalDateTime?)r.Value).FirstOrDefault();

    /// <summary>A result cannot hold null.</summary>
    private readonly record struct Optional(Schedule? Schedule);

    private static Result<Optional> ScheduleOf(string field, ScheduleForm? form, DateTimeZone zone, LocalDateTime start)
    {
        if (form is null) return default(Optional);
        if (form.Cron is { } text)
        {
            if (form.Cycle is not null) return Error.Field(field, "Enter a time period or a crontab expression, not both.");
            var cron = CronExpression.Parse(text);
            if (cron.IsError) return cron.Error with { Fields = new Dictionary<string, string[]>(StringComparer.Ordinal) { [$"{field}.cron"] = [cron.Error.Message] } };
            return cron.Value.EverMatches(start.Date) ? new Optional(Schedule.Of(cron.Value, zone, start)) : CronExpression.Never;
        }

        if (form.Cycle is not { } cycle) return Error.Field(field, "Enter a cycle or a crontab expression.");
        if (cycle is Cycle.Minutes or Cycle.Hours)
        {
            var (least, most) = cycle == Cycle.Minutes ? (5, 59) : (1, 23);
            if (form.Every is not { } every || every < least || every > most) return OutOfRange(field, $"Every {least} to {most} {(cycle == Cycle.Minutes ? "minutes" : "hours")}.");
            return new Optional(Schedule.Each(cycle == Cycle.Minutes ? Duration.FromMinutes(every) : Duration.FromHours(every), zone, start));
        }

        var days = DaysOf(field, cycle, form.Every, form.Weekdays, form.Dates, form.EndOfMonth);
        if (days.IsError) return days.Error;
        if (Time(form.Time) is not { } time) return Error.Field($"{field}.time", "Enter a time of day, HH:mm.");
        return new Optional(Schedule.On(days.Value, time, zone, start));
    }

    private static Result<SpeedLimits> LimitsOf(IReadOnlyList<WindowForm> forms, DateTimeZone zone, LocalDate firstDay)
    {
        if (forms.Count > WindowsAtMost) return Error.Field("speed_limit", $"Enter at most {WindowsAtMost} windows.");
        if (forms.Select(w => w.Cycle).Distinct().Count() > 1) return Policy.WindowCycleMixed;
        var windows = new List<Window>();
        foreach (var form in forms)
        {
            if (form.Mbps < 1 || form.Mbps > 1_000_000 || form.Mbps != decimal.Truncate(form.Mbps)) return Policy.LimitInvalid;
            if (form.Cycle is Cycle.Minutes or Cycle.Hours) return Error.Field("speed_limit", "The cycle of a window is days, weekly or monthly.");
            var days = DaysOf("speed_limit", form.Cycle, form.Every, form.Weekdays, form.Dates, form.EndOfMonth);
            if (days.IsError) return days.Error;
            if (Time(form.From) is not { } from || Time(form.To) is not { } to) return Error.Field("speed_limit", "Enter from and to as HH:mm.");
            windows.Add(new Window(days.Value, from, to, (long)form.Mbps * 1_000_000));
        }

        return new SpeedLimits(windows, zone, firstDay);
    }

    private static Result<DayRule> DaysOf(string field, Cycle cycle, int? every, IReadOnlyList<Weekday>? weekdays, IReadOnlyList<int>? dates, bool? endOfMonth)
    {
        var rule = new DayRule(cycle, every ?? 0, weekdays ?? [], dates ?? [], endOfMonth ?? false);
        return cycle switch
        {
            Cycle.Days when rule.Every is < 1 or > 30 => OutOfRange(field, "Every 1 to 30 days."),
            Cycle.Weekly when rule.Weekdays.Count == 0 => OutOfRange(field, "Choose at least one weekday."),
            Cycle.Monthly when rule.Dates.Any(d => d is < 1 or > 31) => OutOfRange(field, "Dates are 1 to 31."),
            Cycle.Monthly when rule.Dates.Count == 0 && !rule.EndOfMonth => OutOfRange(field, "Choose at least one date, or the end of the month."),
            _ => rule,
        };
    }

    private static Error OutOfRange(string field, string message) =>
        Policy.IntervalOutOfRange with { Message = message, Fields = new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [message] } };

    private static LocalTime? Time(string? text) => TimeOfDay.Parse(text ?? "") is { Success: true } time ? time.Value : null;
}
