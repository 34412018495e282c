using CsCheck;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Points;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Maintenance;

public sealed class Retentions
{
    private static readonly DateTimeOffset Now = new(2026, 3, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly Gen<RetentionPoint> AnyPoint = Gen.Select(Gen.Long, Gen.Int[0, 2], Gen.Int[-40, 400 * 24], Gen.Int[0, 19], (id, host, hours, kind) => new RetentionPoint(
        Id(id), $"host-{host}", kind == 0 ? null : Now - TimeSpan.FromHours(hours), kind == 1 ? ["legal"] : [],
        kind switch { 0 => PointState.Unreadable, 2 => PointState.Damaged, 3 => PointState.Void, _ => PointState.Good }));

    private static readonly Gen<RetentionPoint[]> Some = AnyPoint.Array[0, 120].Select(points => points.DistinctBy(p => p.Id).ToArray());

    private static readonly Gen<RetentionPolicy> Policies = Gen.Select(Gen.Int[0, 4], Gen.Int[0, 8], Gen.Int[0, 8], Gen.Int[0, 6], Gen.Int[0, 12], Gen.Int[1, 3], (last, hourly, daily, weekly, monthly, yearly) =>
        new RetentionPolicy { Last = last, Hourly = hourly, Daily = daily, Weekly = weekly, Monthly = monthly, Yearly = yearly, HoldTags = new HashSet<string> { "legal" }, DeleteShare = 1 });

    [Fact]
    public void Deciding_again_over_what_is_left_deletes_nothing_more() => Gen.Select(Some, Policies, Gen.Int[1, 20].Nullable()).Sample((points, policy, most) =>
    {
        var capped = policy with { MaxCount = most };
        var kept = Kept(points, capped);
        Kept([.. points.Where(p => kept.Contains(p.Id))], capped).ShouldBe(kept, ignoreOrder: true);
    });

    [Fact]
    public void A_policy_that_keeps_more_in_a_rule_deletes_no_point_more() => Gen.Select(Some, Policies, Gen.Int[0, 5], Gen.Int[0, 5], Gen.Int[0, 5]).Sample((points, policy, days, weeks, last) =>
        Kept(points, policy).IsSubsetOf(Kept(points, policy with { Daily = policy.Daily + days, Weekly = policy.Weekly + weeks, Last = policy.Last + last })).ShouldBeTrue());

    [Fact]
    public void The_order_of_the_points_does_not_matter() => Gen.Select(Some, Policies, Gen.Int).Sample((points, policy, seed) =>
    {
        var shuffled = points.ToArray();
        new Random(seed).Shuffle(shuffled);
        Kept(shuffled, policy with { DeleteShare = 0.5, MaxCount = 7 }).ShouldBe(Kept(points, policy with { DeleteShare = 0.5, MaxCount = 7 }), ignoreOrder: true);
    });

    [Fact]
    public void The_last_good_point_what_is_held_and_what_is_not_understood_stay_and_no_run_deletes_more_than_its_share() =>
        Gen.Select(Some, Policies, Gen.Double[0, 1], Gen.Int[1, 3]).Sample((points, policy, share, most) =>
        {
            var decisions = Retention.Decide(points, policy with { DeleteShare = share, MaxCount = most }, Now);
            foreach (var host in decisions.GroupBy(d => d.Point.Host))
            {
                var good = host.Where(d => d.Point.State == PointState.Good && d.Point.TakenAt <= Now).MaxBy(d => d.Point.TakenAt);
                good?.Keep.ShouldBeTrue();
                host.Where(d => d.Point.State != PointState.Good || d.Point.TakenAt is null || d.Point.TakenAt > Now.AddHours(1) || d.Point.Tags.Count > 0).ShouldAllBe(d => d.Keep);
                host.Count(d => !d.Keep).ShouldBeLessThanOrEqualTo(Math.Max(1, (int)(host.Count() * share)));
                var put = host.Where(d => d.Reasons.Contains(KeepReason.DeleteShare)).Select(d => d.Point.TakenAt).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
                host.Where(d => !d.Keep).ShouldAllBe(d => d.Point.TakenAt <= put);
            }
        });

    [Fact]
    public void A_day_is_one_of_the_time_zone_and_a_week_begins_when_it_is_said_to()
    {
        // 23:30 and 00:30 in Berlin, where summer time began on the 29th; one day in UTC.
        var points = new[] { At("2026-03-30T21:30:00Z"), At("2026-03-30T22:30:00Z") };
        Kept(points, new RetentionPolicy { Daily = 5, DeleteShare = 1 }).Count.ShouldBe(1);
        Kept(points, new RetentionPolicy { Daily = 5, DeleteShare = 1, TimeZone = "Europe/Berlin" }).Count.ShouldBe(2);

        // A Saturday, a Sunday and a Monday.
        var week = new[] { At("2026-03-28T10:00:00Z"), At("2026-03-29T10:00:00Z"), At("2026-03-30T10:00:00Z") };
        Kept(week, new RetentionPolicy { Weekly = 5, DeleteShare = 1 }).ShouldBe([week[1].Id, week[2].Id], ignoreOrder: true);
        Kept(week, new RetentionPolicy { Weekly = 5, DeleteShare = 1, WeekStart = DayOfWeek.Sunday }).ShouldBe([week[0].Id, week[2].Id], ignoreOrder: true);

        // The hour that summer time's end gives twice is two hours.
        var twice = new[] { At("2025-10-26T00:30:00Z"), At("2025-10-26T01:30:00Z") };
        Kept(twice, new RetentionPolicy { Hourly = 5, DeleteShare = 1, TimeZone = "Europe/Berlin" }).Count.ShouldBe(2);
    }

    [Fact]
    public void Every_kept_point_says_why()
    {
        var points = new[] { At("2026-03-31T10:00:00Z"), At("2026-03-31T09:00:00Z"), At("2026-03-30T10:00:00Z"), At("2026-03-01T10:00:00Z") };
        var policy = new RetentionPolicy { Last = 1, Daily = 2, HoldIds = new HashSet<PointId> { points[3].Id }, DeleteShare = 1 };
        var decisions = Retention.Decide(points, policy, Now);
        decisions.Select(d => d.Reasons).ShouldBe([[KeepReason.Last, KeepReason.Daily, KeepReason.LastGood], [], [KeepReason.Daily], [KeepReason.HeldById]]);
    }

    [Fact]
    public void A_policy_that_keeps_nothing_is_refused()
    {
        Should.Throw<EngineException>(() => Retention.Decide([], new RetentionPolicy(), Now)).Fault.ShouldBe(Fault.InvalidArgument);
        Should.Throw<EngineException>(() => Retention.Decide([], new RetentionPolicy { Daily = 1, TimeZone = "Mars/Olympus" }, Now)).Fault.ShouldBe(Fault.InvalidArgument);
        Should.Throw<EngineException>(() => Retention.Decide([], new RetentionPolicy { Daily = 1, DeleteShare = double.NaN }, Now)).Fault.ShouldBe(Fault.InvalidArgument);
    }

    private static HashSet<PointId> Kept(IReadOnlyCollection<RetentionPoint> points, RetentionPolicy policy) =>
        [.. Retention.Decide(points, policy, Now).Where(d => d.Keep).Select(d => d.Point.Id)];

    private static RetentionPoint At(string time) => new(Id(time.GetHashCode(StringComparison.Ordinal)), "web-1", DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture), [], PointState.Good);

    private static PointId Id(long number)
    {
        var bytes = new byte[Hash256.Size];
        BitConverter.TryWriteBytes(bytes, number);
        return new PointId(new Hash256(bytes));
    }
}
