using HyperBdr.Ant.Domain.Policies;
using NodaTime;
using NodaTime.Text;
using Shouldly;
using Xunit;

namespace HyperBdr.Ant.Tests;

/// <summary>The crontab dialect and the periods of the policy reference, with its worked examples. Nothing here needs a clock.</summary>
public sealed class CronTests
{
    [Theory]
    [InlineData("15 * * * *", "2026-11-23T00:00", "00:15 01:15 02:15")]
    [InlineData("*/5 * * * *", "2026-11-23T00:01", "00:05 00:10 00:15")]
    [InlineData("*/5 8-20 * * *", "2026-11-23T20:50", "20:50 20:55 08:00")]
    [InlineData("*/30 0-5,18-22 * * *", "2026-11-23T05:00", "05:00 05:30 18:00 18:30")]
    [InlineData("*/30 0-5,18-22 * * *", "2026-11-23T22:00", "22:00 22:30 00:00")]
    [InlineData("0 0-6/2 * * *", "2026-11-23T00:00", "00:00 02:00 04:00 06:00 00:00")]
    [InlineData("*/31 * * * *", "2026-11-23T00:00", "00:00 00:31 01:00 01:31")]
    [InlineData("*/7 * * * *", "2026-11-23T00:50", "00:56 01:00 01:07")]
    [InlineData("5,10-12 3 * * *", "2026-11-23T00:00", "03:05 03:10 03:11 03:12 03:05")]
    public void Ticks_of_a_day(string text, string from, string times) =>
        Ticks(text, "UTC", from).Take(times.Split(' ').Length).Select(t => t.ToString("HH:mm", null)).ShouldBe(times.Split(' '));

    [Theory]
    [InlineData("0 2 * * *", "2026-11-23T03:00", "2026-11-24T02:00 2026-11-25T02:00")]
    [InlineData("0 0 * * 1", "2026-11-23T00:01", "2026-11-30T00:00 2026-12-07T00:00")]
    [InlineData("0 0 * * 0", "2026-11-23T00:00", "2026-11-29T00:00 2026-12-06T00:00")]
    [InlineData("0 0 * * 7", "2026-11-23T00:00", "2026-11-29T00:00 2026-12-06T00:00")]
    [InlineData("0 5 1 * *", "2026-11-23T00:00", "2026-12-01T05:00 2027-01-01T05:00")]
    [InlineData("0 0 1 1 *", "2026-11-23T00:00", "2027-01-01T00:00 2028-01-01T00:00")]
    [InlineData("0 1 13 * 5", "2026-11-10T00:00", "2026-11-13T01:00 2026-11-20T01:00 2026-11-27T01:00 2026-12-04T01:00 2026-12-11T01:00 2026-12-13T01:00")]
    [InlineData("0 0 31 * *", "2026-11-01T00:00", "2026-12-31T00:00 2027-01-31T00:00 2027-03-31T00:00")]
    [InlineData("0 0 29 2 *", "2026-11-01T00:00", "2028-02-29T00:00 2032-02-29T00:00")]
    public void Days_that_match(string text, string from, string days) =>
        Ticks(text, "UTC", from).Take(days.Split(' ').Length).Select(t => t.ToString("yyyy-MM-dd'T'HH:mm", null)).ShouldBe(days.Split(' '));

    [Theory]
    [InlineData("* * * *")]
    [InlineData("* * * * * *")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("* * * * 8")]
    [InlineData("* * * * MON")]
    [InlineData("* * L * *")]
    [InlineData("* * ? * *")]
    [InlineData("@daily")]
    [InlineData("5-1 * * * *")]
    [InlineData("*/0 * * * *")]
    [InlineData("5/2 * * * *")]
    [InlineData("1,,2 * * * *")]
    [InlineData("-1 * * * *")]
    [InlineData("")]
    public void What_is_not_of_the_dialect_is_refused(string text) => CronExpression.Parse(text).Error!.Code.ShouldBe("policy.cron_invalid");

    [Fact]
    public void An_expression_of_more_than_128_characters_is_refused() =>
        CronExpression.Parse(string.Join(',', Enumerable.Repeat("1", 70)) + " * * * *").Error!.Code.ShouldBe("policy.cron_invalid");

    [Theory]
    [InlineData("0 0 31 2 *", false)]
    [InlineData("0 0 30 2 *", false)]
    [InlineData("0 0 29 2 *", true)]
    [InlineData("0 0 31 2 1", true)]
    public void An_impossible_date_is_found(string text, bool ever) => CronExpression.Parse(text).Value.EverMatches(new LocalDate(2026, 11, 23)).ShouldBe(ever);

    [Theory]
    // The clock jumps from 02:00 to 03:00: a fixed time in the gap runs once, right after it.
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00Z 2026-03-30T00:30Z")]
    // It repeats 02:00 to 03:00: once, the first time.
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", "2026-10-25T00:30Z 2026-10-26T01:30Z")]
    // Steps run only where they exist, and as often as they exist.
    [InlineData("*/30 * * * *", "Europe/Berlin", "2026-03-29T01:00", "2026-03-29T00:00Z 2026-03-29T00:30Z 2026-03-29T01:00Z 2026-03-29T01:30Z")]
    [InlineData("0 * * * *", "Europe/Berlin", "2026-10-25T01:30", "2026-10-25T00:00Z 2026-10-25T01:00Z 2026-10-25T02:00Z 2026-10-25T03:00Z")]
    [InlineData("*/30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", "2026-03-30T00:00Z 2026-03-30T00:30Z")]
    // Two fixed times in the gap are one run.
    [InlineData("15,45 2 * * *", "Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00Z 2026-03-30T00:15Z")]
    // A zone whose clock moves by half an hour.
    [InlineData("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", "2026-04-04T14:45Z 2026-04-05T15:15Z")]
    public void Where_the_clock_jumps_or_repeats(string text, string zone, string from, string utc) =>
        Ticks(text, zone, from).Take(utc.Split(' ').Length).Select(t => t.ToString("yyyy-MM-dd'T'HH:mm'Z'", null)).ShouldBe(utc.Split(' '));

    [Fact]
    public void Every_40_minutes_counts_from_the_start_time_and_not_from_the_hour()
    {
        var zone = Zones.Find("Asia/Shanghai")!;
        var schedule = Schedule.Each(Duration.FromMinutes(40), zone, Local("2026-11-23T00:10"));
        schedule.After(Instant.MinValue + Duration.FromDays(1)).Take(4).Select(t => t.InZone(zone).ToString("HH:mm", null)).ShouldBe(["00:10", "00:50", "01:30", "02:10"]);
    }

    [Fact]
    public void An_interval_knows_no_clock_changes()
    {
        var zone = Zones.Find("Europe/Berlin")!;
        var ticks = Schedule.Each(Duration.FromHours(1), zone, Local("2026-03-29T00:00")).After(zone.FirstAt(Local("2026-03-29T00:00"))).Take(30).ToList();
        ticks.Zip(ticks.Skip(1), (a, b) => b - a).ShouldAllBe(d => d == Duration.FromHours(1));
    }

    [Fact]
    public void Nothing_runs_before_the_start_time_and_a_tick_at_it_runs()
    {
        var cron = CronExpression.Parse("0 * * * *").Value;
        var schedule = Schedule.Of(cron, DateTimeZone.Utc, Local("2026-11-23T10:00"));
        schedule.Next(Instant.FromUtc(2026, 1, 1, 0, 0)).ShouldBe(Instant.FromUtc(2026, 11, 23, 10, 0));
        schedule.Next(Instant.FromUtc(2026, 11, 23, 10, 0)).ShouldBe(Instant.FromUtc(2026, 11, 23, 11, 0));
    }

    [Theory]
    [InlineData(Cycle.Days, 3, "02:00", "2026-11-23 2026-11-26 2026-11-29 2026-12-02")]
    [InlineData(Cycle.Weekly, 0, "02:00", "2026-11-23 2026-11-27 2026-11-30 2026-12-04")]
    [InlineData(Cycle.Monthly, 0, "02:00", "2026-11-30 2026-12-30 2026-12-31 2027-01-30 2027-01-31 2027-02-28 2027-03-30 2027-03-31")]
    public void Calendar_cycles(Cycle cycle, int every, string time, string days)
    {
        var rule = new DayRule(cycle, every, [Weekday.Monday, Weekday.Friday], [30], EndOfMonth: true);
        var schedule = Schedule.On(rule, LocalTimePattern.CreateWithInvariantCulture("HH:mm").Parse(time).Value, DateTimeZone.Utc, Local("2026-11-23T00:00"));
        schedule.After(Instant.FromUtc(2026, 11, 1, 0, 0)).Take(days.Split(' ').Length).Select(t => t.ToString("yyyy-MM-dd", null)).ShouldBe(days.Split(' '));
    }

    [Theory]
    // Rule 9 and its worked examples: at most one run, of the last tick, younger than its period and an hour.
    [InlineData("*/5 * * * *", "09:00", "09:40", "09:40", true, 7)]
    [InlineData("0 2 * * *", "01:50", "02:30", "02:00", true, 0)]
    [InlineData("0 2 * * *", "01:50", "04:00", "02:00", false, 0)]
    [InlineData("0 * * * *", "00:30", "05:59", "05:00", true, 4)]
    public void What_was_missed_is_caught_up_once_or_not_at_all(string text, string handled, string now, string tick, bool runs, long missed)
    {
        var schedule = Schedule.Of(CronExpression.Parse(text).Value, DateTimeZone.Utc, Local("2026-01-01T00:00"));
        var due = DueTick.Of(schedule, At(handled), At(now)).ShouldNotBeNull();
        (due.At, due.Runs, due.Missed).ShouldBe((At(tick), runs, missed));
    }

    [Fact]
    public void Nothing_is_due_before_the_next_tick() =>
        DueTick.Of(Schedule.Of(CronExpression.Parse("0 2 * * *").Value, DateTimeZone.Utc, Local("2026-01-01T00:00")), At("02:00"), At("23:59")).ShouldBeNull();

    private static IEnumerable<Instant> Ticks(string text, string zoneId, string from)
    {
        var zone = Zones.Find(zoneId)!;
        return Schedule.Of(CronExpression.Parse(text).Value, zone, Local("2020-01-01T00:00")).After(zone.FirstAt(Local(from)) - Duration.FromSeconds(1));
    }

    private static LocalDateTime Local(string text) => LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm").Parse(text).Value;

    private static Instant At(string time) => Local($"2026-11-23T{time}").InUtc().ToInstant();
}
