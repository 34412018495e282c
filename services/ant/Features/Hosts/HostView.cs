using System.Text.Json;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>A host as the API shows it.</summary>
/// <param name="Status">What happens to its data.</param>
/// <param name="Code">Why the last sync failed, as a stable code; with <paramref name="Reason"/> for people.</param>
/// <param name="TakenOverAt">Since when a takeover carries its business: its schedules pause.</param>
/// <param name="ChangeBytesPerDay">What its last incremental sync had to send, as bytes a day.</param>
/// <param name="TaskId">The task that works on it now.</param>
public sealed record HostView(
    Guid Id, string Name, string Kind, string Version, HostStage Stage, HostStatus Status, string? Code, string? Reason,
    HostHealth Health, string? HealthReason, DateTimeOffset HealthSince, Guid? TaskId, Guid? PoolId, string? PoolName,
    Guid? PolicyId, string? PolicyName, DateTimeOffset? NextTickAt, SyncView? LastSync, string? NeedsFull, HostFacts? Facts,
    IReadOnlyList<HostProblem> Problems, IReadOnlyList<string> ExcludedDisks, JsonElement? RecoverySettings, DateTimeOffset CreatedAt,
    DateTimeOffset? TakenOverAt, long? ChangeBytesPerDay, LicenceView? Licence)
{
    internal static HostView Of(ProtectedHost h, PolicyName? policy, LicenceView? licence) => new(
        h.Id, h.Name, h.Kind, h.Version, h.Stage, h.Status, h.FaultCode, h.FaultReason,
        h.Health, h.HealthReason, h.HealthSince, h.CurrentTaskId, h.PoolId, h.PoolName,
        h.PolicyId, policy?.Name, policy?.NextTickAt,
        h.LastSyncStartedAt is { } started ? new SyncView(started, h.LastSyncEndedAt, h.LastSyncMode, h.LastSyncNote, h.LastPointId, h.LastPointAt) : null,
        h.NeedsFull, h.Facts, h.Problems, h.ExcludedDisks,
        h.RecoverySettings is { } json ? JsonSerializer.Deserialize<JsonElement>(json) : null, h.CreatedAt,
        h.TakenOverAt, h.ChangeBytesPerDay, licence);
}

/// <summary>The newest sync, and the newest point that one made.</summary>
public sealed record SyncView(DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string? Mode, string? Note, string? PointId, DateTimeOffset? PointAt);

/// <summary>The licence that a host has a unit of.</summary>
public sealed record LicenceView(Guid Id, DateTimeOffset ExpiresAt);

internal sealed record PolicyName(Guid Id, string Name, DateTimeOffset? NextTickAt);

internal static class HostViews
{
    public static async Task<IReadOnlyList<HostView>> WithPoliciesAsync(this AntDb db, IReadOnlyList<ProtectedHost> hosts, CancellationToken ct)
    {
        var ids = hosts.Select(h => h.PolicyId).Where(p => p != null).Distinct().ToList();
        var policies = await db.Policies.AsNoTracking().Where(p => ids.Contains(p.Id)).Select(p => new PolicyName(p.Id, p.Name, p.NextTickAt)).ToDictionaryAsync(p => p.Id, ct);
        var hostIds = hosts.Select(h => h.Id).ToList();
        var licences = await db.LicenceUnits.AsNoTracking().Where(u => hostIds.Contains(u.HostId) && u.ReleasedAt == null)
            .Join(db.Licences, u => u.LicenceId, l => l.Id, (u, l) => new { u.HostId, View = new LicenceView(l.Id, l.ExpiresAt) }).ToDictionaryAsync(u => u.HostId, u => u.View, ct);
        return [.. hosts.Select(h => HostView.Of(h, h.PolicyId is { } id ? policies.GetValueOrDefault(id) : null, licences.GetValueOrDefault(h.Id)))];
    }
}
