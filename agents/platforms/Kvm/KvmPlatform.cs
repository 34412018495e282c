using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using HyperBdr.Engine.IO;
using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms.Kvm;

/// <summary>A recovery host: QEMU with hardware acceleration where it works, with emulation elsewhere. Needs the rights of root for networks.</summary>
/// <remarks>Machines outlive this object and its process; the next one takes them over. What a crash left is ended when it is opened.</remarks>
public sealed partial class KvmPlatform : IPlatform
{
    private readonly KvmHost host;
    private readonly FileStream held;
    private readonly SemaphoreSlim changes = new(1);
    private readonly ConcurrentDictionary<Guid, KvmMachine> machines = new();

    private KvmPlatform(KvmHost host, FileStream held, string accelerator)
    {
        (this.host, this.held) = (host, held);
        Capabilities = new(
            "kvm", accelerator, File.Exists(host.Settings.UefiCode) && File.Exists(host.Settings.UefiVariables) ? new HashSet<Firmware> { Firmware.Bios, Firmware.Uefi } : new HashSet<Firmware> { Firmware.Bios },
            new HashSet<DiskBus> { DiskBus.Virtio, DiskBus.Sata }, new HashSet<NetworkKind> { NetworkKind.Isolated, NetworkKind.Bridged }, Screenshots: true, SerialLog: true, GuestAgent: true, Console: true);
    }

    /// <inheritdoc/>
    public PlatformCapabilities Capabilities { get; }

    /// <summary>Opens the host's folder, takes over the machines that run, and ends what was half made.</summary>
    /// <exception cref="PlatformException"><see cref="PlatformFault.Unavailable"/>: another driver has the folder; <see cref="PlatformFault.Failed"/>: there is no QEMU.</exception>
    public static async Task<KvmPlatform> OpenAsync(KvmSettings settings, TimeProvider time, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings = settings with { Folder = Path.GetFullPath(settings.Folder) };
        if (System.Text.Encoding.UTF8.GetByteCount(settings.Folder) > KvmSettings.MaxFolderBytes)
            throw new PlatformException(PlatformFault.InvalidRequest, settings.Folder, $"the path has more than {KvmSettings.MaxFolderBytes} bytes");
        DurableFiles.MakeFolder(settings.Folder);
        var hold = Hold(Path.Combine(settings.Folder, "lock"));
        KvmPlatform? opened = null;
        try
        {
            var accelerator = settings.Accelerator ?? await AccelerationProbe.FindAsync(settings.Qemu, settings.Folder, ct);
            opened = new(new(settings, time, Store(RecordJson.Default.NetworkRecord, "networks"), Store(RecordJson.Default.DiskRecord, "disks"), Store(RecordJson.Default.MachineRecord, "machines"), new(settings.ControlGroup)), hold, accelerator);
            await opened.RecoverAsync(ct);
            return opened;
        }
        catch
        {
            if (opened is not null) await opened.DisposeAsync();
            else await hold.DisposeAsync();
            throw;
        }

        RecordStore<T> Store<T>(System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, string name)
            where T : class, IRecord => new(Path.Combine(settings.Folder, name), type);
    }

    /// <inheritdoc/>
    public Task<PlatformLimits> LimitsAsync(CancellationToken ct) => Task.FromResult(HostLimits.Of(host.Settings, host.Machines.All));

    /// <inheritdoc/>
    public async Task<Resource?> FindAsync(ResourceKind kind, Guid id, CancellationToken ct) => kind switch
    {
        ResourceKind.Network => host.Networks.Find(id) is { } network ? Describe(network) : null,
        ResourceKind.Disk => host.Disks.Find(id) is { } disk ? Describe(disk) : null,
        _ => host.Machines.Find(id) is { } machine ? await TryDescribeAsync(machine.Id, ct) : null,
    };

    /// <inheritdoc/>
    public async IAsyncEnumerable<Resource> ListAsync(Guid owner, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var network in host.Networks.All.Where(r => r.Tags.Owner == owner)) yield return Describe(network);
        foreach (var disk in host.Disks.All.Where(r => r.Tags.Owner == owner)) yield return Describe(disk);
        foreach (var machine in host.Machines.All.Where(r => r.Tags.Owner == owner))
        {
            if (await TryDescribeAsync(machine.Id, ct) is { } found) yield return found;
        }
    }

    /// <inheritdoc/>
    public Task ExtendLeaseAsync(ResourceKind kind, Guid id, DateTimeOffset? until, CancellationToken ct) => ChangeAsync(() =>
    {
        IRecord? found = kind switch
        {
            ResourceKind.Network => host.Networks.Update(id, network => network with { Tags = network.Tags with { LeaseUntil = until } }),
            ResourceKind.Disk => host.Disks.Update(id, disk => disk with { Tags = disk.Tags with { LeaseUntil = until } }),
            _ => host.Machines.Update(id, machine => machine with { Tags = machine.Tags with { LeaseUntil = until } }),
        };
        return found is null ? throw Unknown(kind, id) : Task.FromResult(found);
    }, ct);

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(ResourceKind kind, Guid id, CancellationToken ct)
    {
        if (kind == ResourceKind.Machine)
        {
            if (machines.TryGetValue(id, out var machine)) await machine.DeleteAsync(ct);
            if (machines.TryRemove(id, out var gone)) await gone.DisposeAsync();
            return true;
        }

        return await ChangeAsync(() => kind == ResourceKind.Disk ? DeleteDiskAsync(id) : DeleteNetworkAsync(id, ct), ct);
    }

    /// <summary>Leaves machines running.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var machine in machines.Values) await machine.DisposeAsync();
        changes.Dispose();
        await held.DisposeAsync();
    }

    private static FileStream Hold(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new PlatformException(PlatformFault.Unavailable, path, "another driver has this folder", e);
        }
    }

    private async Task RecoverAsync(CancellationToken ct)
    {
        foreach (var network in host.Networks.All) await RecoverNetworkAsync(network, ct);
        foreach (var record in host.Machines.All)
        {
            var machine = machines[record.Id] = new KvmMachine(host, record.Id);
            await machine.RecoverAsync(ct);
            if (host.Machines.Find(record.Id) is null && machines.TryRemove(record.Id, out var gone)) await gone.DisposeAsync();
        }

        await RemoveUnknownFoldersAsync(ct);
    }

    /// <summary>A machine's folder whose record was damaged or lost: nothing says what it was, and nobody can reach it any more.</summary>
    private async Task RemoveUnknownFoldersAsync(CancellationToken ct)
    {
        DurableFiles.MakeFolder(host.FoldersPath);
        foreach (var path in Directory.EnumerateDirectories(host.FoldersPath))
        {
            if (!Guid.TryParseExact(Path.GetFileName(path), "n", out var id) || host.Machines.Find(id) is not null) continue;
            foreach (var stray in ProcessIdentity.StartedWith(QemuCommand.ProcessFileOption, new MachineFolder(path).ProcessFile)) await stray.KillAsync(host.Time, ct);
            host.Confinement.Remove(id);
            // In an isolated network they go with it.
            for (var nic = 0; nic < MaxNics; nic++) await HostNetwork.DeleteTapAsync(host.Settings.BridgeNamespace, HostNetwork.TapName(id, nic), ct);
            Directory.Delete(path, recursive: true);
        }
    }

    private async Task<T> ChangeAsync<T>(Func<Task<T>> work, CancellationToken ct)
    {
        await changes.WaitAsync(ct);
        try
        {
            return await work();
        }
        finally
        {
            changes.Release();
        }
    }

    /// <summary>Null when it was deleted meanwhile.</summary>
    private async Task<Resource?> TryDescribeAsync(Guid id, CancellationToken ct)
    {
        try
        {
            return await DescribeAsync(id, ct);
        }
        catch (PlatformException e) when (e.Fault == PlatformFault.NotFound)
        {
            return null;
        }
    }

    private static PlatformException Unknown(ResourceKind kind, Guid id) => new(PlatformFault.NotFound, id.ToString(), $"there is no such {kind.ToString().ToLowerInvariant()}");
}
