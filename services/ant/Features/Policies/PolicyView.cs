using HyperBdr.Ant.Domain.Policies;
using HyperBdr.Ant.Features.Hosts;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans.Syncs;
using HyperBdr.Contracts.Events;
using Microsoft.EntityFrameworkCore;
using NodaTime;

namespace HyperBdr.Ant.Features.Policies;

/// <summary>A policy as the API shows it.</summary>
/// <param name="TimeZoneText">As people see it, e.g. <c>(GMT+08:00) Asia/Shanghai</c>.</param>
/// <param name="Warnings">What is accepted and yet worth knowing.</param>
public sealed record PolicyView(
    Guid Id, string Name, string Direction, bool Enabled, int Quota, string TimeZone, string TimeZoneText, string StartTime,
    ScheduleForm? Incremental, ScheduleForm? Full, IReadOnlyList<WindowForm>? SpeedLimit, IReadOnlyList<RetentionForm>? Retention,
    int HostCount, DateTimeOffset? NextTickAt, DateTimeOffset CreatedAt, IReadOnlyList<string> Warnings)
{
    /// <param name="changes">Bytes a day of the attached host that changes most; null when nothing is known.</param>
    internal static PolicyView Of(Policy p, int hosts, DateTimeOffset now, long? changes = null) => new(
        p.Id, p.Name, p.Direction, p.Enabled, p.Quota, p.TimeZone, Zones.Display(p.Times.Zone, Instant.FromDateTimeOffset(now)), p.StartTime,
        p.Body.Incremental, p.Body.Full, p.Body.SpeedLimit, p.Body.Retention, hosts, p.NextTickAt, p.CreatedAt, [.. WarningsOf(p.Times, now), .. LimitWarning(p.Times, changes)]);

    private static IEnumerable<string> LimitWarning(PolicyTimes times, long? changes)
    {
        if (changes is { } bytes && times.Limits.Lowest is { } lowest && lowest < ReadinessRules.BitsPerSecond(bytes))
            yield return $"speed_limit: {lowest / 1_000_000} Mbps let through less than what changes on an attached host ({Bytes.Text(bytes)} a day).";
    }

    private static IEnumerable<string> WarningsOf(PolicyTimes times, DateTimeOffset now)
    {
        foreach (var (name, schedule) in new[] { ("incremental", times.Incremental), ("full", times.Full) })
        {
            var ticks = schedule?.After(Instant.FromDateTimeOffset(now)).Take(100).ToList() ?? [];
            if (ticks.Zip(ticks.Skip(1), (a, b) => b - a).Any(gap => gap < Duration.FromMinutes(5)))
                yield return $"{name}: some execution times are less than 5 minutes apart; those are skipped (min_interval).";
        }
    }
}

internal static class PolicyViews
{
    public static async Task<IReadOnlyList<PolicyView>> WithHostsAsync(this AntDb db, IReadOnlyList<Policy> policies, DateTimeOffset now, CancellationToken ct)
    {
        var ids = policies.Select(p => (Guid?)p.Id).ToList();
        var counts = await db.Hosts.Where(h => ids.Contains(h.PolicyId)).GroupBy(h => h.PolicyId!.Value).Select(g => new { g.Key, Count = g.Count(), Changes = g.Max(h => h.ChangeBytesPerDay) }).ToDictionaryAsync(g => g.Key, ct);
        return [.. policies.Select(p => counts.GetValueOrDefault(p.Id) is { } c ? PolicyView.Of(p, c.Count, now, c.Changes) : PolicyView.Of(p, 0, now))];
    }

    public static PolicyChanged Changed(Policy policy, string change, string by, DateTimeOffset now) =>
        new(policy.Id, policy.Name, change, by) { TenantId = policy.TenantId, OccurredAt = now };
}
