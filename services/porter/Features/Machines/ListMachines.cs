using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Machines;

/// <summary>The tenant's machines by name.</summary>
internal static class ListMachines
{
    public static void Map(RouteGroupBuilder machines) =>
        machines.MapGet("/", async (string? kind, string? availability, string? kw, int? page, [FromQuery(Name = "page_size")] int? pageSize, Handler handler, CancellationToken ct) =>
            {
                if (!TryRead<MachineKind>(kind, out var wanted)) return Error.Field("kind", "One of linux_agent, windows_agent, sync_proxy, sync_gateway.").ToHttp();
                if (!TryRead<MachineAvailability>(availability, out var state)) return Error.Field("availability", "One of active, disconnected, quarantined, revoked.").ToHttp();
                return TypedResults.Ok(await handler.HandleAsync(wanted, state, kw, new PageQuery(page, pageSize), ct));
            })
            .WithName("porter.machines.list")
            .Produces<Listing<MachineRow>>()
            .RequirePermission(Permissions.MachinesRead);

    private static bool TryRead<T>(string? text, out T? value)
        where T : struct, Enum
    {
        value = null;
        if (string.IsNullOrEmpty(text)) return true;
        if (!Enum.TryParse<T>(text.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var read) || !Enum.IsDefined(read)) return false;
        value = read;
        return true;
    }

    internal sealed class Handler(PorterDb db)
    {
        public async Task<Listing<MachineRow>> HandleAsync(MachineKind? kind, MachineAvailability? availability, string? word, PageQuery page, CancellationToken ct)
        {
            var found = await PageAsync(kind, availability, word, page, ct);
            return new Listing<MachineRow>([.. found.Items.Select(m => MachineRow.Of(m.Machine, m.Presence))], found.Total, found.Page, found.PageSize);
        }

        public Task<Listing<Found>> PageAsync(MachineKind? kind, MachineAvailability? availability, string? word, PageQuery page, CancellationToken ct)
        {
            var rows = db.Machines.AsNoTracking();
            if (kind is { } k) rows = rows.Where(m => m.Kind == k);
            if (availability is { } a) rows = rows.Where(m => m.Availability == a);
            if (!string.IsNullOrWhiteSpace(word))
            {
                var text = word.Trim().ToLowerInvariant();
#pragma warning disable CA1304, CA1311, CA1862 // Runs in the database, as lower().
                rows = rows.Where(m => m.Name.ToLower().Contains(text));
#pragma warning restore CA1304, CA1311, CA1862
            }

            return page.OfAsync(from m in rows orderby m.Name, m.Id join p in db.Presences on m.Id equals p.MachineId into seen from p in seen.DefaultIfEmpty() select new Found(m, p), ct);
        }
    }

    internal sealed record Found(Machine Machine, Presence? Presence);
}
