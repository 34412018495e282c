using System.ComponentModel.DataAnnotations;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Domain.Policies;
using HyperBdr.Ant.Features.Hosts;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Features.Policies;

/// <summary>Attaches hosts to a policy and detaches them. A host has one policy at most: attaching it here takes it from another.</summary>
internal static class Attach
{
    public sealed record Request(
        [property: MaxLength(Bulk.Most)] IReadOnlyList<Guid>? Attach, [property: MaxLength(Bulk.Most)] IReadOnlyList<Guid>? Detach);

    public static void Map(RouteGroupBuilder policies) =>
        policies.MapPost("/{id:guid}/hosts", async (Guid id, Request body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(id, body, ct)).ToHttp())
            .WithName("ant.policies.hosts").Produces<BulkResponse>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).RequirePermission(Permissions.PoliciesWrite);

    internal sealed class Handler(AntDb db, Bulk bulk, CallContext call, TimeProvider time)
    {
        public async Task<Result<BulkResponse>> HandleAsync(Guid id, Request body, CancellationToken ct)
        {
            var (attach, detach) = (body.Attach ?? [], body.Detach ?? []);
            if (attach.Count + detach.Count == 0) return Error.Field("attach", "Name hosts to attach or to detach.");
            if (attach.Intersect(detach).Any()) return Error.Field("detach", "A host cannot be attached and detached in one call.");
            if (!await db.Policies.AnyAsync(p => p.Id == id, ct)) return Policy.NotFound;
            return await bulk.RunAsync([.. attach, .. detach], host => Task.FromResult(Change(host, id, attach.Contains(host.Id))), startsSyncs: false, ct);
        }

        private Result<Guid?> Change(ProtectedHost host, Guid policy, bool attach)
        {
            if (attach && host.Stage is not (HostStage.SetupDr or HostStage.StartDr)) return ProtectedHost.WrongStage with { Message = "Register the host first." };
            if (!attach && host.PolicyId != policy) return ProtectedHost.WrongStage with { Message = "The host is not attached to this policy." };
            if (attach) host.Attach(policy);
            else host.Detach();
            db.Add(new HostPolicyChanged(host.Id, host.Name, policy, attach ? "attached" : "detached", call.Caller.Name) { TenantId = host.TenantId, OccurredAt = time.GetUtcNow() });
            return (Guid?)null;
        }
    }
}
