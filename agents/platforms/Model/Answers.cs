namespace HyperBdr.Platforms.Model;

public enum ResourceKind
{
    Network,
    Disk,
    Machine,
}

public enum ResourceState
{
    /// <summary>The platform is at it.</summary>
    Creating,
    /// <summary>A network or disk that can be used.</summary>
    Ready,
    /// <summary>A machine that is on.</summary>
    Running,
    /// <summary>A machine that is on and stands still: <see cref="Resource.Reason"/> says why. It goes on only by being switched off and on.</summary>
    Stalled,
    /// <summary>A machine that is off; <see cref="Resource.Reason"/> says why when nobody asked for it.</summary>
    Off,
    /// <summary>It cannot be used any more, only deleted.</summary>
    Failed,
    /// <summary>The platform removes it.</summary>
    Deleting,
}

/// <summary>Something that was made on a platform.</summary>
/// <param name="Reason">Why it is in this state, for people; null when it was asked for.</param>
public sealed record Resource(ResourceKind Kind, Guid Id, ResourceTags Tags, ResourceState State, DateTimeOffset CreatedAt, string? Reason = null);

/// <param name="SerialFrom">Where in the serial text the present boot begins: what is before is an earlier boot's and proves nothing.</param>
/// <param name="Accelerator"><c>kvm</c>, <c>tcg</c> (emulation), or a cloud's word.</param>
/// <param name="BootedAt">When it was switched on last.</param>
public sealed record MachineFacts(Resource Resource, string Name, string Accelerator, DateTimeOffset? BootedAt, long SerialFrom);

/// <param name="From">Position of the first character; later than asked for when older text is gone.</param>
/// <param name="Next">Position to go on from.</param>
public sealed record SerialText(long From, string Text, long Next);

public sealed record PlatformCapabilities(
    string Driver, string Accelerator, IReadOnlySet<Firmware> Firmwares, IReadOnlySet<DiskBus> Buses, IReadOnlySet<NetworkKind> Networks,
    bool Screenshots, bool SerialLog, bool GuestAgent, bool Console);

/// <summary>Totals are what machines may have altogether; a refusal names the same numbers.</summary>
public sealed record PlatformLimits(int Cpus, int CpusFree, long MemoryMib, long MemoryFreeMib, long SpaceFreeBytes);
