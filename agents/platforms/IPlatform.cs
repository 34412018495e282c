using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms;

/// <summary>A place where recovered machines run: a recovery host with QEMU, a cloud.</summary>
/// <remarks>Every implementation passes the conformance suite (tests/Platforms.Tests). What is made has the caller's id: the same call again
/// finds the first one's work, also after a crash of either side, and another request under a taken id is refused. Calls that make or remove something may return
/// while the platform still works: <see cref="Resource.State"/> says so, and <see cref="PlatformWaiting"/> waits with a limit. All that is made carries its
/// owner and lease (<see cref="ResourceTags"/>) on the platform itself, so that <see cref="ListAsync"/> finds leftovers without any database.
/// Safe for calls side by side. Failures are <see cref="PlatformException"/>.</remarks>
public interface IPlatform : IAsyncDisposable
{
    /// <summary>What this platform can do; constant while it is open.</summary>
    PlatformCapabilities Capabilities { get; }

    /// <summary>What there is, and what is free now.</summary>
    Task<PlatformLimits> LimitsAsync(CancellationToken ct);

    /// <exception cref="PlatformException"><see cref="PlatformFault.IdTaken"/>, <see cref="PlatformFault.Unsupported"/>, <see cref="PlatformFault.NotFound"/>: no such bridge.</exception>
    Task<Resource> CreateNetworkAsync(NetworkRequest request, CancellationToken ct);

    /// <summary>Makes a disk of what an NBD export holds.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.IdTaken"/>, <see cref="PlatformFault.DiskInUse"/>: another disk is made of the same export,
    /// <see cref="PlatformFault.DiskUnreachable"/>: nobody answers there, or it is read-only or of another size.</exception>
    Task<Resource> CreateDiskAsync(DiskRequest request, CancellationToken ct);

    /// <summary>Makes a machine and switches it on.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.IdTaken"/>, <see cref="PlatformFault.NotFound"/>, <see cref="PlatformFault.DiskInUse"/>,
    /// <see cref="PlatformFault.MemoryExceeded"/>, <see cref="PlatformFault.CpusExceeded"/>, <see cref="PlatformFault.SpaceExceeded"/>: nothing was started.</exception>
    Task<Resource> BootAsync(MachineRequest request, CancellationToken ct);

    /// <summary>Switches a machine on that is off; nothing happens when it runs.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.NotFound"/>, and as <see cref="BootAsync"/>.</exception>
    Task<Resource> StartAsync(Guid machine, CancellationToken ct);

    /// <summary>Null when there is no such thing.</summary>
    Task<Resource?> FindAsync(ResourceKind kind, Guid id, CancellationToken ct);

    /// <summary>The machine as it is now.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.NotFound"/></exception>
    Task<MachineFacts> InspectAsync(Guid machine, CancellationToken ct);

    /// <summary>What its screen shows, as a PNG file.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.NotFound"/>, <see cref="PlatformFault.NotRunning"/>, <see cref="PlatformFault.Unsupported"/></exception>
    Task<byte[]> ScreenshotAsync(Guid machine, CancellationToken ct);

    /// <summary>What its first serial line said, from a position on; old text goes when there is too much of it.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.NotFound"/>, <see cref="PlatformFault.Unsupported"/></exception>
    Task<SerialText> ReadSerialAsync(Guid machine, long from, CancellationToken ct);

    /// <summary>True when the agent inside of the guest answers within a few seconds.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.NotFound"/>, <see cref="PlatformFault.NotRunning"/>, <see cref="PlatformFault.Unsupported"/></exception>
    Task<bool> PingGuestAsync(Guid machine, CancellationToken ct);

    /// <summary>How to talk to the machine over its network, also over an isolated one.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.NotFound"/>, <see cref="PlatformFault.Unsupported"/>: it has no network, or no known address.</exception>
    Task<IMachineReach> ReachAsync(Guid machine, CancellationToken ct);

    /// <summary>Where the machine's screen and keyboard are: <c>unix:</c> for VNC on a socket, <c>https:</c> for a platform's own page.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.NotFound"/>, <see cref="PlatformFault.NotRunning"/>, <see cref="PlatformFault.Unsupported"/></exception>
    Task<Uri> ConsoleAsync(Guid machine, CancellationToken ct);

    /// <summary>Asks the guest to go off, and switches it off when it has not after <paramref name="grace"/> (zero: at once). Nothing happens when it is off.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.NotFound"/></exception>
    Task<Resource> PowerOffAsync(Guid machine, TimeSpan grace, CancellationToken ct);

    /// <summary>Removes it. A machine that runs is switched off first; its disks and networks stay.</summary>
    /// <returns>True when nothing of it is left or nothing was there; false while the platform still removes it.</returns>
    /// <exception cref="PlatformException"><see cref="PlatformFault.DiskInUse"/>, <see cref="PlatformFault.NetworkInUse"/>: a machine has it.</exception>
    Task<bool> DeleteAsync(ResourceKind kind, Guid id, CancellationToken ct);

    /// <summary>Moves the end of a lease; null: it never ends by itself.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.NotFound"/></exception>
    Task ExtendLeaseAsync(ResourceKind kind, Guid id, DateTimeOffset? until, CancellationToken ct);

    /// <summary>All that was made with this owner's tag and is not gone; never what is another's.</summary>
    IAsyncEnumerable<Resource> ListAsync(Guid owner, CancellationToken ct);
}
