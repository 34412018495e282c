namespace HyperBdr.Platforms.Model;

/// <summary>Whose something is, kept on the platform itself.</summary>
/// <param name="Owner">The sync gateway, or another single user of the platform.</param>
/// <param name="Task">What it was made for: the drill, takeover or failback.</param>
/// <param name="LeaseUntil">After this time it is a leftover; null: never by time alone.</param>
public sealed record ResourceTags(Guid Owner, Guid Task, DateTimeOffset? LeaseUntil = null);

/// <summary>How far a network reaches.</summary>
public enum NetworkKind
{
    /// <summary>Its machines reach each other and nothing else, and nothing else reaches them but <see cref="IMachineReach"/>.</summary>
    Isolated,
    /// <summary>Its machines are on a real network of the platform.</summary>
    Bridged,
}

/// <param name="Id">The caller's id.</param>
/// <param name="Gateway">For an isolated network: the platform's own address in it with its length, for example 10.77.0.1/24.</param>
/// <param name="Uplink">For a bridged network: the platform's name for the real one (a bridge, a cloud's network).</param>
public sealed record NetworkRequest(Guid Id, ResourceTags Tags, NetworkKind Kind, string? Gateway = null, string? Uplink = null);

/// <param name="Id">The caller's id.</param>
/// <param name="Source">The export as an NBD URI, for example <c>nbd+unix:///disk?socket=/run/disks.sock</c>. Whoever exports takes the writes too (a copy-on-write overlay).</param>
/// <param name="Bytes">Its size.</param>
public sealed record DiskRequest(Guid Id, ResourceTags Tags, string Source, long Bytes);

/// <summary>What starts the machine.</summary>
public enum Firmware
{
    Bios,
    Uefi,
}

/// <summary>How the machine sees a disk.</summary>
public enum DiskBus
{
    Virtio,
    Sata,
}

/// <summary>How the machine sees a network card.</summary>
public enum NicModel
{
    Virtio,
    E1000e,
}

/// <summary>Who waits when processors or memory are short.</summary>
public enum Priority
{
    /// <summary>Gives way to everything else on the platform: a drill.</summary>
    Low,
    /// <summary>A machine that carries business.</summary>
    Normal,
}

/// <summary>A disk in a machine; the first one boots.</summary>
public sealed record AttachedDisk(Guid Disk, DiskBus Bus = DiskBus.Virtio);

/// <param name="Mac">For example 52:54:00:12:34:56.</param>
/// <param name="Address">The IPv4 address that the machine has on this network, when it is known.</param>
public sealed record AttachedNic(Guid Network, string Mac, string? Address = null, NicModel Model = NicModel.Virtio);

/// <param name="Id">The caller's id; also the machine's hardware id.</param>
/// <param name="Name">For people: letters, digits, dots, hyphens and underscores, at most 63.</param>
public sealed record MachineRequest(
    Guid Id, ResourceTags Tags, string Name, int Cpus, int MemoryMib, Firmware Firmware, IReadOnlyList<AttachedDisk> Disks, IReadOnlyList<AttachedNic> Nics, Priority Priority = Priority.Low);
