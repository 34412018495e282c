using HyperBdr.Ant.Domain.Policies;
using HyperBdr.Contracts.Retention;
using NodaTime;
using Shouldly;
using Xunit;

namespace HyperBdr.Ant.Tests;

/// <summary>Windows, limits, retention budgets and the validation codes of a policy.</summary>
public sealed class PolicyRuleTests
{
    private static readonly Weekday[] WorkingDays = [Weekday.Monday, Weekday.Tuesday, Weekday.Wednesday, Weekday.Thursday, Weekday.Friday];
    private static readonly ScheduleForm Hourly = new(Cycle.Hours, 1, null, null, null, null, null);

    [Theory]
    // The worked example: Monday to Friday 09:00 to 18:00, 50 Mbps; 2026-11-23 is a Monday.
    [InlineData("2026-11-23T08:50:00", null)]
    [InlineData("2026-11-23T09:00:00", 50)]
    [InlineData("2026-11-23T18:00:59", 50)]
    [InlineData("2026-11-23T18:01:00", null)]
    [InlineData("2026-11-22T12:00:00", null)]
    // 22:00 to 05:00 of Fridays, 20 Mbps, belongs to the day on which it starts.
    [InlineData("2026-11-27T23:00:00", 20)]
    [InlineData("2026-11-28T05:00:00", 20)]
    [InlineData("2026-11-28T05:01:00", null)]
    [InlineData("2026-11-27T04:00:00", null)]
    // Where two overlap, the lower one.
    [InlineData("2026-11-24T12:30:00", 10)]
    public void The_limit_of_a_moment(string local, int? mbps)
    {
        var zone = Zones.Find("Asia/Shanghai")!;
        var at = NodaTime.Text.LocalDateTimePattern.ExtendedIso.Parse(local).Value.InZoneStrictly(zone).ToInstant();
        Limits().At(at).ShouldBe(mbps * 1_000_000L);
    }

    [Theory]
    [InlineData(1, null, null, 50)]
    [InlineData(1, "80", null, 50)]
    [InlineData(1, "2.5", null, 2.5)]
    [InlineData(1, "0", "7", 50)]
    [InlineData(0, null, "7", 0)]
    [InlineData(0, "80", null, 80)]
    [InlineData(0, "0", "7", 0)]
    [InlineData(-1, null, "7", 7)]
    [InlineData(-1, null, null, 0)]
    public void The_lower_of_call_and_window_applies(int window, string? call, string? last, double mbps)
    {
        // 1: in a window of 50 Mbps; 0: outside of every window; -1: a policy without windows.
        var zone = Zones.Find("Asia/Shanghai")!;
        var at = new LocalDateTime(2026, 11, 23, window == 1 ? 9 : 8, 30).InZoneStrictly(zone).ToInstant();
        var windows = window < 0 ? null : Limits();
        RunLimit.At(at, windows, Number(call), Number(last)).ShouldBe((long)(mbps * 1_000_000));
    }

    [Theory]
    [InlineData(4, "day/1/2/day", true)]
    [InlineData(30, "day/1/31/day", false)]
    [InlineData(32, "day/1/31/day", false)]
    [InlineData(33, "day/1/31/day", true)]
    [InlineData(12, "month/1/12/month", false)]
    [InlineData(13, "month/1/12/month", true)]
    public void Retention_rules_must_leave_one_place_of_the_quota(int quota, string rules, bool fits) =>
        Code(Form(incremental: Hourly, retention: [.. Rules(rules)]) with { Quota = quota }).ShouldBe(fits ? null : "retention_exceeds_quota");

    [Fact]
    public void Every_template_is_a_valid_policy() => Templates.All.ShouldAllBe(t =>
        !CheckedPolicy.Of(new PolicyForm("template", t.Quota, "UTC", "2026-11-23T00:00:00", null, t.Body.Incremental, t.Body.Full, t.Body.SpeedLimit, t.Body.Retention)).IsError);

    [Fact]
    public void Each_broken_rule_has_its_code()
    {
        Code(Form(incremental: new(null, null, null, null, null, null, "60 * * * *"))).ShouldBe("policy.cron_invalid");
        Code(Form(incremental: new(null, null, null, null, null, null, "0 0 31 2 *"))).ShouldBe("policy.cron_never");
        Code(Form(incremental: new(Cycle.Minutes, 4, null, null, null, null, null))).ShouldBe("policy.interval_out_of_range");
        Code(Form(incremental: new(Cycle.Minutes, 60, null, null, null, null, null))).ShouldBe("policy.interval_out_of_range");
        Code(Form(incremental: new(Cycle.Hours, 24, null, null, null, null, null))).ShouldBe("policy.interval_out_of_range");
        Code(Form(incremental: new(Cycle.Days, 31, "01:00", null, null, null, null))).ShouldBe("policy.interval_out_of_range");
        Code(Form(incremental: new(Cycle.Weekly, null, "01:00", [], null, null, null))).ShouldBe("policy.interval_out_of_range");
        Code(Form(incremental: new(Cycle.Monthly, null, "01:00", null, [32], null, null))).ShouldBe("policy.interval_out_of_range");
        Code(Form(windows: [Window(Cycle.Weekly, 50), Window(Cycle.Monthly, 50)])).ShouldBe("policy.window_cycle_mixed");
        Code(Form(windows: [Window(Cycle.Weekly, 0)])).ShouldBe("policy.limit_invalid");
        Code(Form(windows: [Window(Cycle.Weekly, 1.5m)])).ShouldBe("policy.limit_invalid");
        Code(Form(retention: [.. Rules("day/1/31/day")])).ShouldBe("retention_exceeds_quota");
        Code(Form(retention: [.. Rules("day/1/1/day day/1/2/day")])).ShouldBe("retention_duplicate");
        Code(Form()).ShouldBe("request.validation");
        Code(Form(incremental: Hourly) with { TimeZone = "Mars/Base" }).ShouldBe("request.validation");
        Code(Form(incremental: Hourly) with { Quota = 129 }).ShouldBe("request.validation");
        CheckedPolicy.Of(Form(incremental: Hourly)).IsError.ShouldBeFalse();
    }

    private static string? Code(PolicyForm form) => CheckedPolicy.Of(form).Error?.Code;

    private static PolicyForm Form(ScheduleForm? incremental = null, IReadOnlyList<WindowForm>? windows = null, IReadOnlyList<RetentionForm>? retention = null) =>
        new("policy", 7, "Europe/Berlin", "2026-11-23T08:00", null, incremental, null, windows, retention);

    private static WindowForm Window(Cycle cycle, decimal mbps) => new(cycle, null, WorkingDays, [1], null, "09:00", "18:00", mbps);

    private static SpeedLimits Limits() => PolicyTimes.Of("Asia/Shanghai", "2026-01-01T00:00", new PolicyBody(null, null,
    [
        new WindowForm(Cycle.Weekly, null, WorkingDays, null, null, "09:00", "18:00", 50),
        new WindowForm(Cycle.Weekly, null, [Weekday.Friday], null, null, "22:00", "05:00", 20),
        new WindowForm(Cycle.Weekly, null, [Weekday.Tuesday], null, null, "12:00", "13:00", 10),
    ], null)).Value.Limits;

    private static IEnumerable<RetentionForm> Rules(string text) => text.Split(' ').Select(r => r.Split('/'))
        .Select(r => new RetentionForm(Enum.Parse<CalendarUnit>(r[0], ignoreCase: true), int.Parse(r[1]), int.Parse(r[2]), Enum.Parse<CalendarUnit>(r[3], ignoreCase: true)));

    private static decimal? Number(string? text) => text is null ? null : decimal.Parse(text);
}
