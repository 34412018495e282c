using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.ServiceDefaults.Results;

namespace HyperBdr.Porter.Features.Machines;

/// <summary>Machines for the other services.</summary>
internal sealed class MachinesService(GetMachine.Handler get, ListMachines.Handler list, ChangeSettings.Handler settings) : Contracts.Porter.V1.Machines.MachinesBase
{
    public override async Task<Machine> GetMachine(GetMachineRequest request, ServerCallContext context)
    {
        if (!Guid.TryParse(request.MachineId, CultureInfo.InvariantCulture, out var id)) throw Machines.GetMachine.NotFound.ToRpc();
        var found = (await get.HandleAsync(id, context.CancellationToken)).OrRpc();
        return ToWire(new ListMachines.Found(found.Machine, found.Presence));
    }

    public override async Task<ListMachinesResponse> ListMachines(ListMachinesRequest request, ServerCallContext context)
    {
        var page = new PageQuery(request.Page == 0 ? null : request.Page, request.PageSize == 0 ? null : request.PageSize);
        var found = await list.PageAsync(request.Kind.ToOurs(), null, null, page, context.CancellationToken);
        return new ListMachinesResponse { Total = found.Total, Machines = { found.Items.Select(ToWire) } };
    }

    public override async Task<ResetSettingsResponse> ResetSettings(ResetSettingsRequest request, ServerCallContext context)
    {
        if (!Guid.TryParse(request.MachineId, CultureInfo.InvariantCulture, out var id)) throw Machines.GetMachine.NotFound.ToRpc();
        (await settings.ResetAsync(id, context.CancellationToken)).OrRpc();
        return new ResetSettingsResponse();
    }

    private static Machine ToWire(ListMachines.Found found)
    {
        var m = found.Machine;
        var wire = new Machine
        {
            Id = m.Id.ToString(),
            Kind = m.Kind.ToWire(),
            Name = m.Name,
            Availability = m.Availability.Word(),
            Version = m.AgentVersion,
            Inventory = m.Inventory.ToWire(),
            Settings = m.Settings.ToWire(),
            PublicKey = ByteString.CopyFrom(m.PublicKey),
            DataAddress = DataAddresses.Of(m) ?? "",
        };
        if ((found.Presence?.LastSeenAt ?? m.ConnectedAt) is { } seen) wire.LastSeenAt = Timestamp.FromDateTimeOffset(seen);
        return wire;
    }
}
