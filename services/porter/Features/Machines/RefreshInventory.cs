using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Porter.Features.Commands;
using HyperBdr.Porter.Features.Link;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Machines;

/// <summary>Asks a machine to say anew what it is.</summary>
internal static class RefreshInventory
{
    private static readonly TimeSpan CommandLife = TimeSpan.FromMinutes(10);

    /// <param name="CommandId">Of the command that asks it.</param>
    public sealed record Response(Guid CommandId);

    public static void Map(RouteGroupBuilder machines) =>
        machines.MapPost("/{id:guid}/refresh", async (Guid id, Handler handler, CancellationToken ct) => (await handler.HandleAsync(id, ct)).ToHttp(asked => TypedResults.Json(asked, statusCode: StatusCodes.Status202Accepted)))
            .WithName("porter.machines.refresh")
            .Produces<Response>(StatusCodes.Status202Accepted)
            .RequirePermission(Permissions.MachinesWrite);

    internal sealed class Handler(PorterDb db, CallContext call, SendCommand.Handler commands, LinkRegistry links)
    {
        public async Task<Result<Response>> HandleAsync(Guid id, CancellationToken ct)
        {
            call.Record?.Concerns("machine", id, null);
            if (await db.Machines.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id, ct) is not { } machine) return GetMachine.NotFound;
            call.Record?.Concerns("machine", id, machine.Name);
            if (!machine.IsServed) return SendCommand.MachineGone;
            var command = commands.Add(id, new Command { RefreshInventory = new Contracts.Porter.V1.RefreshInventory() }, CommandLife);
            await db.SaveChangesAsync(ct);
            links.Wake(id);
            return new Response(command);
        }
    }
}
