using System.ComponentModel.DataAnnotations;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Plans.Syncs;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>Synchronises hosts now. It does not move the schedule. Each accepted host is <c>sync_doing</c> when the call answers.</summary>
internal static class Sync
{
    /// <param name="Mode"><c>incremental</c> (also when absent) or <c>full</c>.</param>
    /// <param name="TransferSpeed">Mbps for this run; 0: no limit of its own; absent: the policy's window, else the last value.</param>
    public sealed record Request(
        [property: Required, MinLength(1), MaxLength(Bulk.Most)] IReadOnlyList<Guid> Ids,
        [property: RegularExpression("full|incremental")] string? Mode, [property: Range(0, 1_000_000)] decimal? TransferSpeed);

    public static void Map(RouteGroupBuilder hosts) =>
        hosts.MapPost("/sync", async (Request body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(body, ct)).ToHttp(r => TypedResults.Accepted((string?)null, r)))
            .WithName("ant.hosts.sync").Produces<BulkResponse>(StatusCodes.Status202Accepted).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409)
            .RequirePermission(Permissions.TasksRun);

    internal sealed class Handler(Bulk bulk, SyncStarts starts, CallContext call)
    {
        public Task<Result<BulkResponse>> HandleAsync(Request body, CancellationToken ct)
        {
            if (body.TransferSpeed is > 0 and < 1) return Task.FromResult<Result<BulkResponse>>(Error.Field("transfer_speed", "Enter 0, or 1 Mbps and more."));
            var ask = new SyncAsk(body.Mode ?? SyncModes.Incremental, body.TransferSpeed, call.Caller.Name);
            return bulk.RunAsync(body.Ids, host => StartAsync(host, ask, ct), startsSyncs: true, ct);
        }

        private async Task<Result<Guid?>> StartAsync(ProtectedHost host, SyncAsk ask, CancellationToken ct)
        {
            if (host.CannotSync() is { } refusal) return refusal;
            var task = await starts.StartAsync(host, ask, ct);
            return task.IsError ? task.Error : (Guid?)task.Value.Id;
        }
    }
}
