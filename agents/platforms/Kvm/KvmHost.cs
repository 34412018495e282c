namespace HyperBdr.Platforms.Kvm;

/// <summary>What the machines of one driver share.</summary>
internal sealed record KvmHost(
    KvmSettings Settings, TimeProvider Time, RecordStore<NetworkRecord> Networks, RecordStore<DiskRecord> Disks, RecordStore<MachineRecord> Machines, Confinement Confinement)
{
    private const string Folders = "m";

    public string FoldersPath => Path.Combine(Settings.Folder, Folders);

    public string FolderOf(Guid machine) => Path.Combine(FoldersPath, machine.ToString("n"));

    /// <summary>The namespace of an isolated network; its record is written before it is made, so its name is only ever ours.</summary>
    public static string SpaceOf(Guid network) => $"hbdr-{network.ToString("n")[^16..]}";

    /// <summary>Where a machine's card goes: namespace (null: the host's) and bridge.</summary>
    public (string? Space, string Bridge) PlaceOf(Guid network) => Networks.Find(network) is { Request: var request }
        ? request.Kind == Model.NetworkKind.Isolated ? (SpaceOf(network), HostNetwork.Bridge) : (Settings.BridgeNamespace, request.Uplink!)
        : throw new PlatformException(PlatformFault.NotFound, network.ToString(), "there is no such network");
}
