using System.Text.Json.Nodes;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Maintenance;
using HyperBdr.Storplus.Persistence;
using HyperBdr.Storplus.Repositories;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Repositories;

/// <summary>A repository as the API shows it.</summary>
/// <param name="Location">As <c>hbdr</c> takes it.</param>
/// <param name="SourceBytes">Length of all disks of all recovery points: what full copies would take.</param>
/// <param name="SavedByDeduplication">Bytes that were found unchanged or known already.</param>
/// <param name="SavedByCompression">Bytes that compression took away.</param>
/// <param name="TotalBytes">Of the pool's disk, as last measured; absent where nobody can say.</param>
/// <param name="Unlisted">Whole points that are in no catalogue; a run of kind import lists them.</param>
public sealed record RepositoryView(
    Guid Id, Guid PoolId, string PoolName, string Location, DateTimeOffset CreatedAt, bool Ready, int Points, long UsedBytes, DateTimeOffset? MeasuredAt,
    long SourceBytes, long SavedByDeduplication, long SavedByCompression, long? GrowthPerDay, long? TotalBytes, long? FreeBytes, int? DaysToFull,
    bool Damaged, bool NearlyFull, bool Unreachable, EscrowView? Escrow, RunView? LastVerify, RunView? LastScrub, RunView? LastCollect, int Unlisted);

public sealed record EscrowView(string Fingerprint, DateTimeOffset At);

/// <param name="Result">What it did; its fields are those of its kind.</param>
public sealed record RunView(Guid Id, MaintenanceKind Kind, MaintenanceState State, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, string? Code, string? Message, JsonNode? Result);

internal static class RepositoryViews
{
    public static RunView Of(MaintenanceRun run) => new(run.Id, run.Kind, run.State, run.CreatedAt, run.StartedAt, run.EndedAt, run.Code, run.Message, run.Result is { } result ? JsonNode.Parse(result) : null);

    public static async Task<RepositoryView> ViewAsync(this StorplusDb db, TenantRepository row, DateTimeOffset now, CancellationToken ct)
    {
        var pool = await db.Pools.AsNoTracking().SingleAsync(p => p.Id == row.PoolId, ct);
        var sums = await db.Points.AsNoTracking().Where(p => p.RepositoryId == row.Id && p.State == PointState.CreateDone).GroupBy(p => p.RepositoryId)
            .Select(g => new { Count = g.Count(), Source = g.Sum(p => p.LengthBytes), Known = g.Sum(p => p.UnchangedBytes + p.DeduplicatedBytes), Packed = g.Sum(p => p.AddedBytes - p.StoredBytes) })
            .SingleOrDefaultAsync(ct);
        var last = (await db.MaintenanceRuns.AsNoTracking().Where(r => r.RepositoryId == row.Id && r.EndedAt != null)
            .GroupBy(r => r.Kind).Select(g => g.OrderByDescending(r => r.EndedAt).First()).ToListAsync(ct)).ToDictionary(r => r.Kind, Of);
        var growth = await Capacity.GrowthAsync(db, row.Id, now, ct);
        return new RepositoryView(
            row.Id, pool.Id, pool.Name, RepositoryStores.LocationOf(pool), row.CreatedAt, row.EngineId is not null, sums?.Count ?? 0, row.UsedBytes, row.MeasuredAt,
            sums?.Source ?? 0, sums?.Known ?? 0, Math.Max(0, sums?.Packed ?? 0), growth, pool.TotalBytes, pool.FreeBytes, Capacity.DaysToFull(growth, pool.FreeBytes),
            row.Damaged, row.NearlyFull, row.Unreachable, row.EscrowFingerprint is { } print ? new EscrowView(print, row.EscrowedAt!.Value) : null,
            last.GetValueOrDefault(MaintenanceKind.Verify), last.GetValueOrDefault(MaintenanceKind.Scrub), last.GetValueOrDefault(MaintenanceKind.Collect), row.Unlisted);
    }
}
