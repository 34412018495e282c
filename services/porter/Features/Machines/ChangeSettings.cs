using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Features.Commands;
using HyperBdr.Porter.Features.Link;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;
using Machine = HyperBdr.Porter.Domain.Machine;

namespace HyperBdr.Porter.Features.Machines;

/// <summary>What the console decides for a machine: processor share, values of the settings reference, disks that are left out.</summary>
/// <remarks>A connected machine gets it at once, another one at its next connection.</remarks>
internal static class ChangeSettings
{
    private static readonly TimeSpan CommandLife = TimeSpan.FromDays(1);

    public sealed record Request([Range(1, 100)] int CpuPercent, [Required, MaxLength(MachineSettings.MaxValues)] IReadOnlyList<SettingValue> Values);

    public sealed record DisksRequest([Required, MaxLength(MachineSettings.MaxExcludedDisks)] IReadOnlyList<string> DiskIds);

    public static void Map(RouteGroupBuilder machines)
    {
        machines.MapPut("/{id:guid}/settings", async (Guid id, Request body, Handler handler, CancellationToken ct) => (await handler.SetAsync(id, body, ct)).ToHttp())
            .WithName("porter.machines.change_settings")
            .Produces<MachineSettings>()
            .RequirePermission(Permissions.MachinesWrite);
        machines.MapPut("/{id:guid}/excluded-disks", async (Guid id, DisksRequest body, Handler handler, CancellationToken ct) => (await handler.ExcludeAsync(id, body, ct)).ToHttp())
            .WithName("porter.machines.exclude_disks")
            .Produces<MachineSettings>()
            .RequirePermission(Permissions.MachinesWrite);
    }

    internal sealed class Handler(PorterDb db, CallContext call, SendCommand.Handler commands, LinkRegistry links)
    {
        public Task<Result<MachineSettings>> SetAsync(Guid id, Request request, CancellationToken ct)
        {
            var sound = request.Values.All(v => v is not null && IsName(v.Name) && v.Value is { Length: <= MachineSettings.MaxValueLength } text && !text.Any(char.IsControl));
            if (!sound) return Task.FromResult<Result<MachineSettings>>(Error.Field("values", $"Names of letters, digits and underscores; values of at most {MachineSettings.MaxValueLength} printable characters."));
            if (request.Values.DistinctBy(v => v.Name, StringComparer.Ordinal).Count() != request.Values.Count) return Task.FromResult<Result<MachineSettings>>(Error.Field("values", "Each name once."));
            return ChangeAsync(id, m => m.Decide(request.CpuPercent, m.Settings.ExcludedDiskIds, [.. request.Values.OrderBy(v => v.Name, StringComparer.Ordinal)]), ct);
        }

        public Task<Result<MachineSettings>> ExcludeAsync(Guid id, DisksRequest request, CancellationToken ct)
        {
            var sound = request.DiskIds.All(d => d is { Length: > 0 and <= MachineSettings.MaxDiskIdLength } && !d.Any(char.IsControl));
            if (!sound) return Task.FromResult<Result<MachineSettings>>(Error.Field("disk_ids", "Ids of disks as the machine names them."));
            ImmutableArray<string> ids = [.. request.DiskIds.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            return ChangeAsync(id, m => m.Decide(m.Settings.CpuPercent, ids, m.Settings.Values), ct);
        }

        /// <summary>Nothing is decided for the machine any more.</summary>
        public Task<Result<MachineSettings>> ResetAsync(Guid id, CancellationToken ct) =>
            ChangeAsync(id, m => m.Decide(MachineSettings.Initial.CpuPercent, MachineSettings.Initial.ExcludedDiskIds, MachineSettings.Initial.Values), ct);

        private static bool IsName(string? name) => name is { Length: > 0 and <= 64 } && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

        private async Task<Result<MachineSettings>> ChangeAsync(Guid id, Action<Machine> change, CancellationToken ct)
        {
            call.Record?.Concerns("machine", id, null);
            if (await db.Machines.SingleOrDefaultAsync(m => m.Id == id, ct) is not { } machine) return GetMachine.NotFound;
            call.Record?.Concerns("machine", id, machine.Name);
            change(machine);
            if (machine.Availability == MachineAvailability.Active) commands.Add(id, new Command { UpdateSettings = machine.Settings.ToWire() }, CommandLife);
            await db.SaveChangesAsync(ct);
            links.Wake(id);
            return machine.Settings;
        }
    }
}
