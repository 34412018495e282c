using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Features.Tasks;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans.Syncs;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>Stops the syncs of hosts: each is <c>sync_failed</c> with <c>stopped_by_user</c> when the call answers. Its last point stays usable.</summary>
internal static class Stop
{
    public static void Map(RouteGroupBuilder hosts) =>
        hosts.MapPost("/stop", async (HostIds body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(body, ct)).ToHttp())
            .WithName("ant.hosts.stop").Produces<BulkResponse>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409)
            .RequirePermission(Permissions.TasksRun);

    internal sealed class Handler(AntDb db, Abort.Handler abort, CallContext call)
    {
        public async Task<Result<BulkResponse>> HandleAsync(HostIds body, CancellationToken ct)
        {
            var results = new List<HostResult>();
            Error? first = null;
            foreach (var id in body.Ids.Distinct())
            {
                var result = await OneAsync(id, ct);
                first ??= result.Error;
                results.Add(result.IsError ? new HostResult(id, false, null, result.Error.Code, result.Error.Message) : new HostResult(id, true, result.Value, null, null));
            }

            return results.Exists(r => r.Accepted) || first is null ? new BulkResponse(results) : first;
        }

        private async Task<Result<Guid>> OneAsync(Guid id, CancellationToken ct)
        {
            db.ChangeTracker.Clear();
            var host = await db.Hosts.AsNoTracking().Where(h => h.Id == id).Select(h => new { h.Name, h.CurrentTaskId }).SingleOrDefaultAsync(ct);
            if (host is null) return ProtectedHost.NotFound;
            call.Record?.Concerns("host", id, host.Name);
            if (host.CurrentTaskId is not { } task) return ProtectedHost.NothingRuns;
            var stopped = await abort.HandleAsync(task, SyncPlan.StoppedCode, ct);
            return stopped.Error == DurableTask.Ended ? ProtectedHost.NothingRuns : stopped.IsError ? stopped.Error : task;
        }
    }
}
