using System.Text.Json;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Engine;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Repositories;
using HyperBdr.ServiceDefaults;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using HyperBdr.Storplus.Repositories;
using Microsoft.EntityFrameworkCore;
using PointState = HyperBdr.Storplus.Domain.PointState;

namespace HyperBdr.Storplus.Maintenance;

/// <summary>The work of each kind of maintenance, over one repository.</summary>
internal sealed class MaintenanceJobs(StorplusDb db, RepositoryAccess access, PointRemoval removal, PointImport import, MaintenanceOptions options, TimeProvider time)
{
    private const string DamagedCode = "storplus.repository.damaged";
    private const string UnlistedCode = "storplus.repository.unlisted";
    private const string DamageText = "A verification found that it cannot be restored whole.";
    private const int MostFindings = 100;

    public async Task RunAsync(Guid id, CancellationToken ct)
    {
        if (await db.MaintenanceRuns.SingleOrDefaultAsync(r => r.Id == id, ct) is not { } run) return;
        var row = await db.Repositories.SingleAsync(r => r.Id == run.RepositoryId, ct);
        var pool = await db.Pools.AsNoTracking().SingleAsync(p => p.Id == row.PoolId, ct);
        if (run.Kind == MaintenanceKind.Collect)
        {
            await removal.RunAsync(row.Id, ct);
            // Deletions that come from now on ask for one more.
            row.CollectionBegins();
            await db.SaveChangesAsync(ct);
        }

        await using var repository = await access.OpenAsync(pool, row, Patience.Background, ct);
        if (run.Kind == MaintenanceKind.Collect) await CollectAsync(run, repository, ct);
        else if (run.Kind == MaintenanceKind.Import) await ImportAsync(run, row, repository, ct);
        else await VerifyAsync(run, row, pool, repository, ct);
        row.Measured(await MeasureAsync(repository, ct), time.GetUtcNow());
        if (row.Unreachable) db.Add(new PoolProblemSolved(pool.Id, pool.Name, TenantRepository.StoreAway.Code) { TenantId = pool.TenantId, OccurredAt = time.GetUtcNow() });
        row.FoundUnreachable(false);
        await Capacity.SampleAsync(db, row, time.GetUtcNow(), ct);
        await db.SaveChangesAsync(ct);
    }

    public async Task EndAsync(Guid id, Guid owner, MaintenanceState state, string? code, string? message, CancellationToken ct)
    {
        db.ChangeTracker.Clear();
        if (await db.MaintenanceRuns.SingleOrDefaultAsync(r => r.Id == id && r.LeaseOwner == owner, ct) is not { } run) return;
        run.End(state, code, message, null, time.GetUtcNow());
        await db.SaveChangesAsync(ct);
    }

    public async Task FailAsync(Guid id, Guid owner, Error error, Exception cause, CancellationToken ct)
    {
        db.ChangeTracker.Clear();
        if (await db.MaintenanceRuns.SingleOrDefaultAsync(r => r.Id == id && r.LeaseOwner == owner, ct) is not { } run) return;
        run.End(MaintenanceState.Failed, cause is EngineException e ? e.Code : error.Code, cause.Message, null, time.GetUtcNow());
        var row = await db.Repositories.SingleAsync(r => r.Id == run.RepositoryId, ct);
        var pool = await db.Pools.AsNoTracking().SingleAsync(p => p.Id == row.PoolId, ct);
        // Busy is another worker's turn, no problem of the pool.
        if (cause is not EngineException { Fault: Fault.Busy } && row.FoundUnreachable(true)) db.Add(Problem(pool, error.Code, error.Message));
        await db.SaveChangesAsync(ct);
    }

    private async Task CollectAsync(MaintenanceRun run, Repository repository, CancellationToken ct)
    {
        var result = await Collector.RunAsync(repository, new CollectPolicy { MinimumAge = options.CollectMinimumAge }, new CollectProgress(), ct);
        run.End(MaintenanceState.Done, null, null, Text(new { result.Epoch, result.Points, result.Condemned, result.Waiting, result.Compacted, result.DeletedPacks, result.DeletedBytes }), time.GetUtcNow());
    }

    private async Task ImportAsync(MaintenanceRun run, TenantRepository row, Repository repository, CancellationToken ct)
    {
        var result = await import.RunAsync(row, repository, ct);
        row.FoundUnlisted(result.Left.Count);
        run.End(MaintenanceState.Done, null, $"{result.Imported.Count} recovery points were listed, {result.Left.Count} were left.", Text(new { result.Imported, Left = result.Left.Take(MostFindings) }), time.GetUtcNow());
    }

    private async Task VerifyAsync(MaintenanceRun run, TenantRepository row, Pool pool, Repository repository, CancellationToken ct)
    {
        var result = run.Kind == MaintenanceKind.Verify
            ? await Verifier.RunAsync(repository, new VerifyOptions { Level = VerifyLevel.Quick }, new VerifyProgress(), ct)
            : await Scrubber.RunAsync(repository, new ScrubOptions { Parts = options.ScrubParts, Workers = 2 }, new VerifyProgress(), ct);
        var found = await repository.ListPointsAsync(ct);
        var lost = await LostAsync(row, found, ct);
        var unlisted = await import.UnlistedAsync(found, ct);
        var damaged = result.Damage.Select(d => d.Point.ToString()).Concat(lost).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var whole = result.IsWhole && damaged.Count == 0;
        var message = whole ? null : $"{damaged.Count} recovery points are damaged; {result.Findings.Count + result.FindingsLeftOut} findings.";
        run.End(MaintenanceState.Done, whole ? null : DamagedCode, message, Text(new
        {
            result.Points, result.Packs, result.Blobs, result.UnindexedPacks, DamagedPoints = damaged, UnlistedPoints = unlisted.Count,
            Findings = result.Findings.Take(MostFindings).Select(f => new { f.Code, f.Subject, f.Message }),
        }), time.GetUtcNow());
        // A scrub sees a share only: that it finds nothing takes nothing back.
        var isBad = !whole || (run.Kind == MaintenanceKind.Scrub && row.Damaged);
        if (row.FoundDamaged(isBad)) db.Add(Problem(pool, DamagedCode, message!));
        if (row.FoundUnlisted(unlisted.Count)) db.Add(Problem(pool, UnlistedCode, $"{unlisted.Count} recovery points are in the storage pool and not in the catalogue; an import lists those that are whole."));
        await MarkAsync(row, damaged, takesBack: run.Kind == MaintenanceKind.Verify, ct);
    }

    /// <param name="takesBack">Every point was looked at: what was not found damaged is whole.</param>
    private async Task MarkAsync(TenantRepository row, List<string> damaged, bool takesBack, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        foreach (var point in await db.Points.Where(p => p.RepositoryId == row.Id && p.State == PointState.CreateDone && (p.Damage != null || damaged.Contains(p.PointId!))).ToListAsync(ct))
        {
            var isDamaged = damaged.Contains(point.PointId!, StringComparer.Ordinal);
            if (!isDamaged && !takesBack) continue;
            if (point.Checked(isDamaged ? DamageText : null)) db.Add(new RecoveryPointChecked(point.HostId, point.HostName, point.PointId!, point.PoolId, isDamaged, point.Damage) { TenantId = point.TenantId, OccurredAt = now });
        }
    }

    /// <summary>Points that the catalogue lists and the repository no longer has.</summary>
    private async Task<List<string>> LostAsync(TenantRepository row, IReadOnlyList<PointEntry> found, CancellationToken ct)
    {
        var listed = await db.Points.AsNoTracking().Where(p => p.RepositoryId == row.Id && p.State == PointState.CreateDone).Select(p => p.PointId!).ToListAsync(ct);
        var there = found.Where(e => e.Holds && e.Point is not null).Select(e => e.Id.ToString()).ToHashSet(StringComparer.Ordinal);
        var missing = listed.FindAll(id => !there.Contains(id));
        // One that was deleted since the first look is not lost.
        return missing.Count == 0 ? missing : await db.Points.AsNoTracking().Where(p => p.State == PointState.CreateDone && missing.Contains(p.PointId!)).Select(p => p.PointId!).ToListAsync(ct);
    }

    private static async Task<long> MeasureAsync(Repository repository, CancellationToken ct)
    {
        var bytes = 0L;
        await foreach (var blob in repository.Store.ListAsync("", ct)) bytes += blob.Length;
        return bytes;
    }

    private static string Text<T>(T result) => JsonSerializer.Serialize(result, Json.Options);

    private PoolProblem Problem(Pool pool, string code, string message) => new(pool.Id, pool.Name, code, message) { TenantId = pool.TenantId, OccurredAt = time.GetUtcNow() };
}
