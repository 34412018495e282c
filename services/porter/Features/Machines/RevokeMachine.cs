using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Features.Commands;
using HyperBdr.Porter.Features.Link;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Machines;

/// <summary>Ends a machine's certificates and its stream; the record stays, or goes too. Repeating a revocation changes nothing.</summary>
internal static class RevokeMachine
{
    public static void Map(RouteGroupBuilder machines)
    {
        machines.MapPost("/{id:guid}/revoke", async (Guid id, Handler handler, CancellationToken ct) => (await handler.RevokeAsync(id, ct)).ToHttp())
            .WithName("porter.machines.revoke")
            .Produces(StatusCodes.Status204NoContent)
            .RequirePermission(Permissions.MachinesWrite);
        machines.MapDelete("/{id:guid}", async (Guid id, Handler handler, CancellationToken ct) => (await handler.RemoveAsync(id, ct)).ToHttp())
            .WithName("porter.machines.remove")
            .Produces(StatusCodes.Status204NoContent)
            .RequirePermission(Permissions.MachinesWrite);
    }

    internal sealed class Handler(PorterDb db, CallContext call, LinkRegistry links, TimeProvider time)
    {
        public async Task<Result<Done>> RevokeAsync(Guid id, CancellationToken ct)
        {
            if (await FindAsync(id, ct) is not { } machine) return GetMachine.NotFound;
            var now = time.GetUtcNow();
            if (machine.Revoke(now)) db.StateChanged(machine, now);
            await EndAsync(id, "porter.machine.revoked", "The machine was revoked.", now, ct);
            return Done.Instance;
        }

        public async Task<Result<Done>> RemoveAsync(Guid id, CancellationToken ct)
        {
            if (await FindAsync(id, ct) is not { } machine) return GetMachine.NotFound;
            var now = time.GetUtcNow();
            db.Add(new MachineRemoved(machine.Id, machine.Kind.Word(), machine.Name) { TenantId = machine.TenantId, OccurredAt = now });
            db.Machines.Remove(machine);
            db.Presences.RemoveRange(await db.Presences.Where(p => p.MachineId == id).ToListAsync(ct));
            await EndAsync(id, "porter.machine.removed", "The machine was removed.", now, ct);
            return Done.Instance;
        }

        private async Task<Machine?> FindAsync(Guid id, CancellationToken ct)
        {
            call.Record?.Concerns("machine", id, null);
            var machine = await db.Machines.SingleOrDefaultAsync(m => m.Id == id, ct);
            call.Record?.Concerns("machine", id, machine?.Name);
            return machine;
        }

        private async Task EndAsync(Guid id, string code, string message, DateTimeOffset now, CancellationToken ct)
        {
            db.Certificates.RemoveRange(await db.Certificates.Where(c => c.MachineId == id).ToListAsync(ct));
            await OpenCommands.EndAsync(db, id, code, message, now, ct);
            await db.SaveChangesAsync(ct);
            links.Dismiss(id, Machine.CertificateRevoked);
        }
    }
}
