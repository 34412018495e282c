using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Porter.Features.Link;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Machines;

/// <summary>One machine with its disks, cards and settings.</summary>
internal static class GetMachine
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "porter.machine.not_found", "No such machine.");

    public static void Map(RouteGroupBuilder machines) =>
        machines.MapGet("/{id:guid}", async (Guid id, Handler handler, CancellationToken ct) => (await handler.HandleAsync(id, ct)).ToHttp(found => TypedResults.Ok(MachineDetail.Of(found.Machine, found.Presence, found.Conditions))))
            .WithName("porter.machines.get")
            .Produces<MachineDetail>()
            .RequirePermission(Permissions.MachinesRead);

    public sealed record Found(Domain.Machine Machine, Domain.Presence? Presence, IReadOnlyList<MachineCondition> Conditions);

    internal sealed class Handler(PorterDb db, LinkRegistry links)
    {
        public async Task<Result<Found>> HandleAsync(Guid id, CancellationToken ct)
        {
            if (await db.Machines.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id, ct) is not { } machine) return NotFound;
            var presence = await db.Presences.AsNoTracking().SingleOrDefaultAsync(p => p.MachineId == id, ct);
            return new Found(machine, presence, links.TryGet(id, out var session) ? session.Conditions : []);
        }
    }
}
