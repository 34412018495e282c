using System.Diagnostics;
using System.Text.RegularExpressions;
using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms.Kvm;

/// <content>Machines.</content>
public sealed partial class KvmPlatform
{
    private const int MaxDisks = 24;
    private const int MaxSataDisks = 6;
    private const int MaxNics = 8;

    /// <inheritdoc/>
    public async Task<Resource> BootAsync(MachineRequest request, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        var begun = await ChangeAsync(() =>
        {
            if (host.Machines.Find(request.Id) is { } known)
            {
                SameAs(IsSame(known.Request, request), known.Request.Tags, request.Tags, request.Id);
                return Task.FromResult(known.BootedAt is not null);
            }

            Check(request);
            HostLimits.Check(request, HostLimits.Of(host.Settings, host.Machines.All), host.Settings);
            // From here on its memory, processors and disks are taken.
            host.Machines.Save(new(request, request.Tags, host.Time.GetUtcNow(), MachineStage.Starting, Capabilities.Accelerator));
            machines[request.Id] = new KvmMachine(host, request.Id);
            return Task.FromResult(false);
        }, ct);
        // Asked for again after it has gone off, it stays off: switching it on twice is not what was asked for.
        return begun ? await DescribeAsync(request.Id, ct) : await StartAsync(request.Id, ct);
    }

    /// <inheritdoc/>
    public async Task<Resource> StartAsync(Guid machine, CancellationToken ct)
    {
        var at = MachineOf(machine);
        await ChangeAsync(() =>
        {
            if (host.Machines.Find(machine) is not { Stage: MachineStage.Off } record) return Task.FromResult(false);
            HostLimits.Check(record.Request, HostLimits.Of(host.Settings, host.Machines.All), host.Settings);
            return Task.FromResult(host.Machines.Update(machine, r => r with { Stage = MachineStage.Starting }) is not null);
        }, ct);
        await at.StartAsync(ct);
        return await DescribeAsync(machine, ct);
    }

    /// <inheritdoc/>
    public async Task<MachineFacts> InspectAsync(Guid machine, CancellationToken ct)
    {
        var resource = await DescribeAsync(machine, ct);
        var record = host.Machines.Find(machine) ?? throw Unknown(ResourceKind.Machine, machine);
        return new(resource, record.Request.Name, record.Accelerator, record.BootedAt, record.SerialFrom);
    }

    /// <inheritdoc/>
    public Task<byte[]> ScreenshotAsync(Guid machine, CancellationToken ct) => MachineOf(machine).ScreenshotAsync(ct);

    /// <inheritdoc/>
    public Task<SerialText> ReadSerialAsync(Guid machine, long from, CancellationToken ct) => MachineOf(machine).ReadSerialAsync(from, ct);

    /// <inheritdoc/>
    public Task<bool> PingGuestAsync(Guid machine, CancellationToken ct) => MachineOf(machine).PingGuestAsync(ct);

    /// <inheritdoc/>
    public Task<Uri> ConsoleAsync(Guid machine, CancellationToken ct) => Task.FromResult(MachineOf(machine).Console());

    /// <inheritdoc/>
    public Task<IMachineReach> ReachAsync(Guid machine, CancellationToken ct)
    {
        var record = host.Machines.Find(machine) ?? throw Unknown(ResourceKind.Machine, machine);
        var nic = record.Request.Nics.FirstOrDefault(n => n.Address is not null) ?? throw new PlatformException(PlatformFault.Unsupported, record.Request.Name, "has no network card with a known address");
        return Task.FromResult<IMachineReach>(new Reach(host.PlaceOf(nic.Network).Space, nic.Address!));
    }

    /// <inheritdoc/>
    public async Task<Resource> PowerOffAsync(Guid machine, TimeSpan grace, CancellationToken ct)
    {
        await MachineOf(machine).PowerOffAsync(grace, ct);
        return await DescribeAsync(machine, ct);
    }

    private static bool IsSame(MachineRequest a, MachineRequest b) =>
        a == b with { Tags = a.Tags, Disks = a.Disks, Nics = a.Nics } && a.Disks.SequenceEqual(b.Disks) && a.Nics.SequenceEqual(b.Nics);

    private KvmMachine MachineOf(Guid id) => machines.GetValueOrDefault(id) ?? throw Unknown(ResourceKind.Machine, id);

    private async Task<Resource> DescribeAsync(Guid id, CancellationToken ct)
    {
        var (state, reason) = await MachineOf(id).LookAsync(ct);
        var record = host.Machines.Find(id) ?? throw Unknown(ResourceKind.Machine, id);
        return new(ResourceKind.Machine, id, record.Tags, state, record.CreatedAt, reason);
    }

    private void Check(MachineRequest request)
    {
        var invalid = !NamePattern().IsMatch(request.Name) ? "the name is 1 to 63 letters, digits, dots, hyphens and underscores"
            : request.Cpus is < 1 or > 128 || request.MemoryMib is < 64 or > 4 << 20 ? "needs 1 to 128 processors and 64 MiB to 4 TiB of memory"
            : request.Disks.Count is < 1 or > MaxDisks || request.Disks.Count(d => d.Bus == DiskBus.Sata) > MaxSataDisks ? $"needs 1 to {MaxDisks} disks, at most {MaxSataDisks} of them SATA"
            : request.Nics.Count > MaxNics || !request.Nics.All(n => MacPattern().IsMatch(n.Mac)) ? $"has more than {MaxNics} network cards, or one whose address is not like 52:54:00:12:34:56"
            : request.Nics.Any(n => n.Address is not null && !System.Net.IPAddress.TryParse(n.Address, out _)) ? "has a network card whose IP address is none"
            : request.Disks.Select(d => d.Disk).Distinct().Count() != request.Disks.Count ? "has a disk twice" : null;
        if (invalid is not null) throw new PlatformException(PlatformFault.InvalidRequest, request.Name, invalid);
        if (!Capabilities.Firmwares.Contains(request.Firmware)) throw new PlatformException(PlatformFault.Unsupported, request.Name, "this host has no UEFI firmware (package ovmf)");
        if (request.Nics.Select(n => host.PlaceOf(n.Network).Space).Distinct(StringComparer.Ordinal).Count() > 1) throw new PlatformException(PlatformFault.Unsupported, request.Name, "its network cards must all be on one isolated network, or all on bridged ones");
        foreach (var disk in request.Disks) CheckFree(disk.Disk);
    }

    private void CheckFree(Guid disk)
    {
        if (host.Disks.Find(disk) is null) throw Unknown(ResourceKind.Disk, disk);
        if (host.Machines.All.FirstOrDefault(m => m.Request.Disks.Any(d => d.Disk == disk)) is { } user) throw new PlatformException(PlatformFault.DiskInUse, disk.ToString(), $"machine {user.Request.Name} ({user.Id}) has it");
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z", RegexOptions.None, 1000)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MacPattern();

    private sealed class Reach(string? space, string address) : IMachineReach
    {
        public string Address => address;

        public Task<Stream> ConnectAsync(int port, CancellationToken ct) => HostNetwork.ConnectAsync(space, address, port, ct);

        public ProcessStartInfo Beside(string program, IReadOnlyList<string> arguments)
        {
            string[] line = [.. HostNetwork.Enter(space), program, .. arguments];
            return new(line[0], line[1..]);
        }
    }
}
