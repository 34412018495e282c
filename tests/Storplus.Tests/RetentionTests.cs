using HyperBdr.Contracts.Retention;
using Shouldly;
using Xunit;
using static HyperBdr.Contracts.Retention.CalendarUnit;

namespace HyperBdr.Storplus.Tests;

/// <summary>The worked traces of the policies' reference.</summary>
public sealed class RetentionTests
{
    private static readonly TimeZoneInfo Utc = TimeZoneInfo.Utc;
    private static readonly SequenceRule DailyTwoDays = new(Day, 1, 2, Day);

    [Fact]
    public void The_worked_housekeeping_trace_holds_point_by_point()
    {
        // Quota 4, the first of each day for 2 days, a sync every 6 hours from a Monday on.
        var host = new Host(4, [DailyTwoDays], Utc, At("2026-03-02T00:00Z"));
        for (var i = 0; i < 4; i++) host.Sync();
        host.Names.ShouldBe("ABCD");
        foreach (var after in new[] { "ACDE", "ADEF", "AEFG", "AEGH", "EGHI" })
        {
            host.Sync();
            host.Names.ShouldBe(after);
        }
    }

    [Fact]
    public void The_budgets_of_the_reference_fit_and_the_one_too_large_is_refused()
    {
        RetentionBudget.Check(128, [new(Week, 1, 1, Year), new(Month, 1, 2, Year)]).ShouldBeNull();
        RetentionBudget.Check(76, [new(Day, 1, 30, Day), new(Month, 1, 12, Month), new(Year, 1, 5, Year)]).ShouldBeNull();
        RetentionBudget.Check(7, []).ShouldBeNull();
        RetentionBudget.Check(30, [new(Day, 1, 31, Day)])!.Code.ShouldBe("retention_exceeds_quota");
        RetentionBudget.Check(64, [new(Week, 1, 8, Week)]).ShouldBeNull();
        RetentionBudget.Check(48, [new(Day, 1, 7, Day)]).ShouldBeNull();
        RetentionBudget.Check(100, [new(Day, 1, 7, Day), new(Day, 1, 3, Week)])!.Code.ShouldBe("retention_duplicate");
        RetentionBudget.Check(129, [])!.Code.ShouldBe("setting.out_of_range");
        RetentionBudget.Check(100, [new(Day, 0, 7, Day)])!.Code.ShouldBe("setting.out_of_range");
    }

    [Theory]
    [InlineData(Month, 12, Month, 12)]
    [InlineData(Year, 5, Year, 5)]
    [InlineData(Month, 2, Year, 25)]
    [InlineData(Day, 7, Day, 8)]
    [InlineData(Week, 1, Year, 54)]
    [InlineData(Week, 12, Month, 54)]
    [InlineData(Day, 31, Day, 32)]
    public void The_worst_case_of_a_rule_is_what_can_be_held_at_one_moment(CalendarUnit period, int keep, CalendarUnit unit, int worst) =>
        RetentionBudget.WorstCase(new SequenceRule(period, 1, keep, unit)).ShouldBe(worst);

    [Theory]
    [InlineData("UTC", "2026-01-31T10:00Z", 1, Month, "2026-02-28T10:00Z")]
    [InlineData("UTC", "2024-02-29T10:00Z", 1, Year, "2025-02-28T10:00Z")]
    // The time of day stays over the change of the clocks; one that the clock leaps over is the moment of the leap; of one that comes twice, the first.
    [InlineData("Europe/Berlin", "2026-03-28T09:00Z", 1, Day, "2026-03-29T08:00Z")]
    [InlineData("Europe/Berlin", "2026-03-28T01:30Z", 1, Day, "2026-03-29T01:00Z")]
    [InlineData("Europe/Berlin", "2026-10-24T00:30Z", 1, Day, "2026-10-25T00:30Z")]
    public void Expiry_is_calendar_arithmetic_in_the_policys_zone(string zone, string taken, int keep, CalendarUnit unit, string until) =>
        PolicyCalendar.Add(At(taken), keep, unit, TimeZoneInfo.FindSystemTimeZoneById(zone)).ShouldBe(At(until));

    [Fact]
    public void Days_and_weeks_are_those_of_the_zone_and_weeks_begin_on_monday()
    {
        var shanghai = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai");
        PolicyCalendar.PeriodOf(Day, At("2026-03-01T16:30Z"), shanghai).ShouldBe(new DateOnly(2026, 3, 2));
        PolicyCalendar.PeriodOf(Week, At("2026-03-01T15:30Z"), shanghai).ShouldBe(new DateOnly(2026, 2, 23));
        PolicyCalendar.PeriodOf(Week, At("2026-03-01T16:30Z"), shanghai).ShouldBe(new DateOnly(2026, 3, 2));
    }

    [Fact]
    public void A_period_with_fewer_points_gives_its_last_one_when_it_closes()
    {
        SequenceRule third = new(Day, 3, 7, Day);
        RetainablePoint[] points = [Point("a", "2026-03-02T01:00Z", 1), Point("b", "2026-03-02T05:00Z", 2)];
        SequenceRetention.Evaluate(points, [third], Utc, At("2026-03-02T23:59Z")).ShouldBeEmpty();
        SequenceRetention.Evaluate(points, [third], Utc, At("2026-03-03T00:00Z")).Keys.ShouldBe(["b"]);
    }

    [Fact]
    public void A_point_of_several_rules_is_kept_until_the_latest_and_a_new_rule_takes_nothing_of_the_past()
    {
        RetainablePoint[] points = [Point("a", "2026-03-02T01:00Z", 1)];
        var kept = SequenceRetention.Evaluate(points, [new(Day, 1, 2, Day), new(Month, 1, 1, Month)], Utc, At("2026-03-02T02:00Z"));
        kept["a"].ShouldBe(At("2026-04-02T01:00Z"));
        SequenceRetention.Evaluate(points, [DailyTwoDays with { Since = At("2026-03-03T00:00Z") }], Utc, At("2026-03-03T02:00Z")).ShouldBeEmpty();
        SequenceRetention.Evaluate(points, [DailyTwoDays with { Since = At("2026-03-02T20:00Z") }], Utc, At("2026-03-03T02:00Z")).Keys.ShouldBe(["a"]);
    }

    [Fact]
    public void Failed_points_go_first_and_what_may_not_go_exhausts_the_quota()
    {
        var now = At("2026-03-10T00:00Z");
        CountedPoint failed = new(Point("f", "2026-03-09T00:00Z", 1), Good: false, Held: false);
        CountedPoint old = new(Point("o", "2026-03-01T00:00Z", 2), Good: true, Held: false);
        CountedPoint held = new(Point("h", "2026-02-01T00:00Z", 2), Good: true, Held: true);
        Eviction.Plan([old, failed, held], 3, [], Utc, now).ShouldSatisfyAllConditions(p => p.Remove.ShouldBe(["f"]), p => p.Exhausted.ShouldBeFalse());
        Eviction.Plan([old, failed, held], 2, [], Utc, now).Remove.ShouldBe(["f", "o"]);
        Eviction.Plan([held, held with { Point = Point("h2", "2026-02-02T00:00Z", 1) }], 2, [], Utc, now).Exhausted.ShouldBeTrue();
        // The last good point stays; with a quota of 1 it goes when the next one is done.
        Eviction.Plan([old], 1, [], Utc, now).ShouldSatisfyAllConditions(p => p.Remove.ShouldBeEmpty(), p => p.Exhausted.ShouldBeFalse());
        Eviction.Plan([old, old with { Point = Point("n", "2026-03-09T00:00Z", 1) }], 2, [], Utc, now).Remove.ShouldBe(["o"]);
        Eviction.Expired([new(Point("x", "2026-03-01T00:00Z", 1), true, false)], [DailyTwoDays], Utc, now).ShouldBeEmpty();
        Eviction.Expired([new(Point("x", "2026-03-01T00:00Z", 1), true, false), new(Point("y", "2026-03-09T00:00Z", 2), true, false)], [DailyTwoDays], Utc, now).ShouldBe(["x"]);
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static RetainablePoint Point(string id, string at, int place) => new(id, At(at), new PeriodOrdinals(place, place, place, place));

    /// <summary>A host whose syncs take no time.</summary>
    private sealed class Host(int quota, IReadOnlyList<SequenceRule> rules, TimeZoneInfo zone, DateTimeOffset begin)
    {
        private DateTimeOffset now = begin;
        private readonly List<RetainablePoint> points = [];
        private RetainablePoint? last;
        private char name = 'A';

        public string Names => string.Concat(points.Select(p => p.Id));

        public void Sync()
        {
            var plan = Eviction.Plan([.. points.Select(p => new CountedPoint(p, Good: true, Held: false))], quota, rules, zone, now);
            plan.Exhausted.ShouldBeFalse();
            points.RemoveAll(p => plan.Remove.Contains(p.Id));
            last = new RetainablePoint($"{name++}", now, last?.Ordinals.Next(last.TakenAt, now, zone) ?? PeriodOrdinals.First);
            points.Add(last);
            now += TimeSpan.FromHours(6);
        }
    }
}
