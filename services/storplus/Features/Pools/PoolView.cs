using HyperBdr.Contracts.Events;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Pools;

/// <summary>A pool as the API shows it.</summary>
public sealed record PoolView(Guid Id, string Name, PoolKind Kind, PoolState State, string? Reason, FolderView? Folder, S3View? S3, GatewayView? Gateway, DateTimeOffset CreatedAt, ProbeView? LastProbe, SpaceView? Space);

/// <summary>What the pool's place has, as last measured.</summary>
public sealed record SpaceView(long TotalBytes, long FreeBytes, DateTimeOffset At);

public sealed record FolderView(string Path);

/// <param name="SecretKey">Always <see cref="PoolForm.HiddenSecret"/>.</param>
public sealed record S3View(string Endpoint, string Region, string Bucket, string AccessKey, string SecretKey, bool UseTls, BucketLookup Lookup);

/// <param name="Endpoint">Where it is reached; absent until it has made its bucket.</param>
public sealed record GatewayView(Guid MachineId, string? Endpoint, string? Bucket);

/// <summary>The newest probe that ended.</summary>
public sealed record ProbeView(Guid TaskId, DateTimeOffset At, bool Passed, IReadOnlyList<FindingView> Findings);

public sealed record FindingView(string Step, bool Passed, string? Code, string Message, long DurationUs);

internal static class PoolViews
{
    public static PoolView Of(Pool pool, ProbeView? probe) => new(
        pool.Id, pool.Name, pool.Kind, pool.State, pool.Reason,
        pool.FolderPath is null ? null : new FolderView(pool.FolderPath),
        pool.Kind != PoolKind.S3 || pool.S3 is not { } s3 ? null : new S3View(s3.Endpoint, s3.Region, s3.Bucket, s3.AccessKey, PoolForm.HiddenSecret, s3.UseTls, s3.Lookup),
        pool.GatewayId is { } gateway ? new GatewayView(gateway, pool.S3?.Endpoint, pool.S3?.Bucket) : null,
        pool.CreatedAt, probe, pool is { TotalBytes: { } total, FreeBytes: { } free, MeasuredAt: { } at } ? new SpaceView(total, free, at) : null);

    /// <summary>Pools with their newest ended probe, in the order given, by two more queries.</summary>
    public static async Task<IReadOnlyList<PoolView>> WithProbesAsync(this StorplusDb db, IReadOnlyList<Pool> pools, CancellationToken ct)
    {
        var ids = pools.Select(p => p.Id).ToList();
        var probes = await db.Probes.AsNoTracking().Where(p => ids.Contains(p.PoolId) && p.EndedAt != null)
            .GroupBy(p => p.PoolId).Select(g => g.OrderByDescending(p => p.RequestedAt).ThenByDescending(p => p.Id).First()).ToListAsync(ct);
        var probeIds = probes.Select(p => p.Id).ToList();
        var findings = (await db.Findings.AsNoTracking().Where(f => probeIds.Contains(f.ProbeId)).OrderBy(f => f.Position).ToListAsync(ct)).ToLookup(f => f.ProbeId);
        var views = probes.ToDictionary(p => p.PoolId, p => new ProbeView(p.Id, p.EndedAt!.Value, p.Passed,
            [.. findings[p.Id].Select(f => new FindingView(f.Step, f.Passed, f.Code, f.Message, f.DurationUs))]));
        return [.. pools.Select(p => Of(p, views.GetValueOrDefault(p.Id)))];
    }
}

internal static class PoolEvents
{
    /// <summary>The state's word on the wire.</summary>
    public static string Word(PoolState state) => state switch
    {
        PoolState.Verifying => "verifying",
        PoolState.Available => "available",
        _ => "create_failed",
    };

    public static PoolStateChanged StateChanged(Pool pool, TimeProvider time) =>
        new(pool.Id, pool.Name, Word(pool.State), pool.Reason) { TenantId = pool.TenantId, OccurredAt = time.GetUtcNow() };
}
