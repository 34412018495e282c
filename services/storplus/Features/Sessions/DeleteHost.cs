using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using HyperBdr.Storplus.Repositories;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Sessions;

/// <summary>A host is no longer protected: its sessions end and its points go, but for those on hold. Decided in one transaction, so that it goes on wherever it is cut.</summary>
internal sealed class DeleteHost(StorplusDb db, PointRemoval removal, TimeProvider time)
{
    public async Task<DeleteHostResponse> HandleAsync(Guid hostId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        foreach (var session in await db.WriteSessions.Where(s => s.HostId == hostId && s.State == WriteSessionState.Open).ToListAsync(ct)) session.Abandon(now);
        var points = await db.Points.Where(p => p.HostId == hostId).ToListAsync(ct);
        foreach (var point in points.Where(p => p.State != PointState.Deleting && p.HoldReason is null)) removal.Decide(point, "deregistered");
        await db.HostRetentions.Where(r => r.HostId == hostId).ExecuteDeleteAsync(ct);
        await db.SaveChangesAsync(ct);

        var decided = points.Count(p => p.State == PointState.Deleting);
        await removal.TryRunAsync(points.Where(p => p.State == PointState.Deleting).Select(p => p.RepositoryId).ToList(), ct);
        var remaining = await db.Points.CountAsync(p => p.HostId == hostId && p.State == PointState.Deleting, ct);
        return new DeleteHostResponse { Deleted = Math.Max(0, decided - remaining), Remaining = remaining, Held = await db.Points.CountAsync(p => p.HostId == hostId && p.HoldReason != null, ct) };
    }
}
