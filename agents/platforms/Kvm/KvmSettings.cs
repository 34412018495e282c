namespace HyperBdr.Platforms.Kvm;

/// <summary>How a recovery host with QEMU is used.</summary>
/// <param name="Folder">For everything of this driver: records, sockets, logs. One driver at a time; at most 60 bytes, as sockets have short names. Deleting it while machines run orphans them.</param>
public sealed record KvmSettings(string Folder)
{
    public const int MaxFolderBytes = 60;

    public string Qemu { get; init; } = "qemu-system-x86_64";

    /// <summary>UEFI's program; machines with UEFI are refused where it is not.</summary>
    public string UefiCode { get; init; } = "/usr/share/OVMF/OVMF_CODE_4M.fd";

    /// <summary>The first content of each machine's own UEFI variables.</summary>
    public string UefiVariables { get; init; } = "/usr/share/OVMF/OVMF_VARS_4M.fd";

    /// <summary><c>kvm</c> or <c>tcg</c>; null: found out by starting a small guest.</summary>
    public string? Accelerator { get; init; }

    /// <summary>Memory of the host that no machine gets.</summary>
    public int MemoryReserveMib { get; init; } = 1024;

    /// <summary>Virtual processors for each processor of the host.</summary>
    public int CpuOvercommit { get; init; } = 4;

    /// <summary>Free space in <see cref="Folder"/> without which no machine is started.</summary>
    public long SpaceReserveBytes { get; init; } = 256L << 20;

    /// <summary>What is kept of a machine's serial text.</summary>
    public int SerialBytes { get; init; } = 2 << 20;

    /// <summary>A cgroup (version 2) of this driver's own with processor and memory controllers; null, or where it cannot be written: machines of low priority are only nice.</summary>
    public string? ControlGroup { get; init; }

    /// <summary>The network namespace that has the bridges of bridged networks; null: this process's own.</summary>
    public string? BridgeNamespace { get; init; }
}
