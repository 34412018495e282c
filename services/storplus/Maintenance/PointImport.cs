using HyperBdr.Contracts.Retention;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Repositories;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Features.Points;
using HyperBdr.Storplus.Features.Sessions;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;
using PointState = HyperBdr.Storplus.Domain.PointState;

namespace HyperBdr.Storplus.Maintenance;

/// <summary>What an import did.</summary>
/// <param name="Left">Manifests that were not listed, with the reason.</param>
internal sealed record ImportResult(IReadOnlyList<string> Imported, IReadOnlyList<ImportLeft> Left);

internal sealed record ImportLeft(string Point, string Reason);

/// <summary>Points that lie whole in a repository and are in no catalogue: after a database was restored from a backup.</summary>
/// <remarks>
/// They are found by every verification, and listed only when an administrator asks for it: a machine that was taken over can publish
/// manifests in any host's name as long as its keys last, and must not get them listed by that alone.
/// </remarks>
internal sealed class PointImport(StorplusDb db, TimeProvider time)
{
    private const string HostTag = "host";
    private static readonly TimeSpan ClockSlack = TimeSpan.FromHours(1);

    /// <summary>Readable manifests that the catalogue does not know and that no session of it has written.</summary>
    public async Task<List<PointEntry>> UnlistedAsync(IReadOnlyList<PointEntry> found, CancellationToken ct)
    {
        var names = found.Select(e => e.Id.ToString()).ToList();
        var listed = (await db.Points.Where(p => p.PointId != null && names.Contains(p.PointId)).Select(p => p.PointId!).ToListAsync(ct)).ToHashSet(StringComparer.Ordinal);
        var unlisted = found.Where(e => e is { Point: not null, Holds: true } && !listed.Contains(e.Id.ToString())).OrderBy(e => e.Point!.TakenAt).ToList();
        var sessions = unlisted.Select(SessionOf).OfType<Guid>().ToList();
        // What a session that is open or was given up has left is its own affair.
        var own = (await db.WriteSessions.Where(s => sessions.Contains(s.Id) && s.State != WriteSessionState.Committed).Select(s => s.Id).ToListAsync(ct)).ToHashSet();
        return unlisted.FindAll(e => SessionOf(e) is not { } session || !own.Contains(session));
    }

    public async Task<ImportResult> RunAsync(TenantRepository row, Repository repository, CancellationToken ct)
    {
        var (imported, left) = (new List<string>(), new List<ImportLeft>());
        foreach (var entry in await UnlistedAsync(await repository.ListPointsAsync(ct), ct))
        {
            ct.ThrowIfCancellationRequested();
            var name = entry.Id.ToString();
            if (await RefusalAsync(entry, repository, ct) is { } why) left.Add(new ImportLeft(name, why));
            else if (await HostAsync(entry, ct) is not { } host) left.Add(new ImportLeft(name, $"Nothing says which host {entry.Point!.Host} is."));
            else
            {
                await ListAsync(row, entry, host, ct);
                imported.Add(name);
            }
        }

        return new ImportResult(imported, left);
    }

    private async Task<string?> RefusalAsync(PointEntry entry, Repository repository, CancellationToken ct)
    {
        // It would be the newest of its host for good.
        if (entry.Point!.TakenAt > time.GetUtcNow() + ClockSlack) return "Its time lies in the future.";
        var verdict = await PointCheck.RunAsync(repository, entry.Id, ct);
        return verdict.IsWhole ? null : $"It is not whole: {verdict.Findings[0].Message}";
    }

    private async Task<Guid?> HostAsync(PointEntry entry, CancellationToken ct)
    {
        if (entry.Point!.Tags.TryGetValue(HostTag, out var tag) && Guid.TryParse(tag, out var id)) return id;
        var hosts = await db.Points.Where(p => p.HostName == entry.Point.Host).Select(p => p.HostId).Distinct().Take(2).ToListAsync(ct);
        return hosts is [var only] ? only : null;
    }

    private async Task ListAsync(TenantRepository row, PointEntry entry, Guid host, CancellationToken ct)
    {
        var manifest = entry.Point!;
        var now = time.GetUtcNow();
        var zone = (await db.HostRetentions.AsNoTracking().SingleOrDefaultAsync(r => r.HostId == host, ct))?.Zone ?? TimeZoneInfo.Utc;
        var before = await db.Points.Where(p => p.HostId == host && p.State == PointState.CreateDone && p.TakenAt <= manifest.TakenAt).OrderByDescending(p => p.TakenAt).FirstOrDefaultAsync(ct);
        var point = Point.Imported(row, host, manifest.Host, now);
        point.Done(PointFacts.Of(entry.Id.ToString(), manifest), before?.Ordinals.Next(before.TakenAt, manifest.TakenAt, zone) ?? PeriodOrdinals.First, now);
        db.Points.Add(point);
        db.Add(PointEvents.Created(point, now));
        await db.SaveChangesAsync(ct);
    }

    private static Guid? SessionOf(PointEntry entry) => entry.Point!.Tags.TryGetValue(Commit.SessionTag, out var tag) && Guid.TryParse(tag, out var session) ? session : null;
}
