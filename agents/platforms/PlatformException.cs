namespace HyperBdr.Platforms;

/// <summary>What a platform refuses or fails with, as a closed list; <see cref="PlatformFaults.Code"/> gives each its stable code.</summary>
public enum PlatformFault
{
    /// <summary>The request makes no sense; nothing was done.</summary>
    InvalidRequest,
    /// <summary>There is no such machine, disk, network or bridge.</summary>
    NotFound,
    /// <summary>The id belongs to something that was requested differently.</summary>
    IdTaken,
    /// <summary>The platform cannot do this.</summary>
    Unsupported,
    /// <summary>There is not enough free memory, or the machines would have more than is allowed.</summary>
    MemoryExceeded,
    /// <summary>The machines would have more processors than is allowed.</summary>
    CpusExceeded,
    /// <summary>There is not enough free space on the platform's own disk.</summary>
    SpaceExceeded,
    /// <summary>A machine has this disk, or another disk is made of the same export.</summary>
    DiskInUse,
    /// <summary>The disk's export does not answer, is read-only, or has another size.</summary>
    DiskUnreachable,
    /// <summary>A machine is on this network.</summary>
    NetworkInUse,
    /// <summary>The machine does not run.</summary>
    NotRunning,
    /// <summary>The platform does not answer, or is held by another: trying again may help.</summary>
    Unavailable,
    /// <summary>The platform failed; trying again does not help by itself.</summary>
    Failed,
}

/// <summary>Codes that scripts and services may rely on; a code never changes its meaning.</summary>
public static class PlatformFaults
{
    /// <summary>The stable code of a fault.</summary>
    public static string Code(this PlatformFault fault) => fault switch
    {
        PlatformFault.InvalidRequest => "platform.request.invalid",
        PlatformFault.NotFound => "platform.resource.not_found",
        PlatformFault.IdTaken => "platform.resource.id_taken",
        PlatformFault.Unsupported => "platform.request.unsupported",
        PlatformFault.MemoryExceeded => "platform.quota.memory",
        PlatformFault.CpusExceeded => "platform.quota.cpus",
        PlatformFault.SpaceExceeded => "platform.quota.space",
        PlatformFault.DiskInUse => "platform.disk.in_use",
        PlatformFault.DiskUnreachable => "platform.disk.unreachable",
        PlatformFault.NetworkInUse => "platform.network.in_use",
        PlatformFault.NotRunning => "platform.machine.not_running",
        PlatformFault.Unavailable => "platform.unavailable",
        PlatformFault.Failed => "platform.failed",
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
    };
}

/// <summary>A failure of a platform, with its closed fault and a sentence for people.</summary>
public sealed class PlatformException(PlatformFault fault, string subject, string message, Exception? inner = null)
    : Exception($"{subject}: {message}", inner)
{
    public PlatformFault Fault { get; } = fault;

    /// <summary>What it is about.</summary>
    public string Subject { get; } = subject;

    /// <summary>The stable code, for scripts.</summary>
    public string Code => Fault.Code();
}
