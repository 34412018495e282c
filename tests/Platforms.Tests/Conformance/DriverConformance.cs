using HyperBdr.Fixtures;
using HyperBdr.Platforms.Model;
using Shouldly;
using Xunit;

namespace HyperBdr.Platforms.Tests.Conformance;

/// <summary>What every driver must do. The machines have an empty disk: their firmware finds nothing to boot and goes on looking.</summary>
public abstract class DriverConformance(IPlatformUnderTest under)
{
    private const long DiskBytes = 8 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private string lastExport = "";
    private readonly ResourceTags mine = new(Guid.CreateVersion7(), Guid.CreateVersion7());

    private IPlatform Platform => under.Platform;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_machine_lives_from_its_network_and_disk_to_its_deletion()
    {
        var network = await Platform.CreateNetworkAsync(under.Isolated(Guid.CreateVersion7(), mine), Ct);
        var request = await MachineAsync() with { Nics = [new(network.Id, "52:54:00:00:00:02", "10.77.0.2")] };
        (await RunningAsync(request)).Tags.ShouldBe(mine);
        (await under.ReallyRunningAsync()).ShouldBe(1);

        var facts = await Platform.InspectAsync(request.Id, Ct);
        facts.Name.ShouldBe(request.Name);
        facts.BootedAt.ShouldNotBeNull();
        if (Platform.Capabilities.Screenshots) (await Platform.ScreenshotAsync(request.Id, Ct))[..8].ShouldBe([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        if (Platform.Capabilities.GuestAgent) (await Platform.PingGuestAsync(request.Id, Ct)).ShouldBeFalse("nothing runs in it");

        (await Platform.PowerOffAsync(request.Id, TimeSpan.Zero, Ct)).State.ShouldBe(ResourceState.Off);
        (await under.ReallyRunningAsync()).ShouldBe(0);
        (await Should.ThrowAsync<PlatformException>(() => Platform.ScreenshotAsync(request.Id, Ct))).Fault.ShouldBe(PlatformFault.NotRunning);
        (await Platform.BootAsync(request, Ct)).State.ShouldBe(ResourceState.Off, "made already: only a start switches it on again");
        (await Platform.StartAsync(request.Id, Ct)).State.ShouldBe(ResourceState.Running);

        await CleanAsync();
        (await Platform.FindAsync(ResourceKind.Machine, request.Id, Ct)).ShouldBeNull();
        (await under.ReallyRunningAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task The_same_request_again_finds_the_first_ones_work_and_another_one_under_its_id_is_refused()
    {
        var network = under.Isolated(Guid.CreateVersion7(), mine);
        var first = await Platform.CreateNetworkAsync(network, Ct);
        (await Platform.CreateNetworkAsync(network with { Tags = mine with { LeaseUntil = DateTimeOffset.MaxValue } }, Ct)).ShouldBe(first, "a lease that has moved on makes no other request");
        await RefusedAsync(PlatformFault.IdTaken, () => Platform.CreateNetworkAsync(network with { Tags = mine with { Task = Guid.CreateVersion7() } }, Ct));

        var request = await MachineAsync();
        var disk = request.Disks[0].Disk;
        var (found, uri) = (await Platform.FindAsync(ResourceKind.Disk, disk, Ct), lastExport);
        (await Platform.CreateDiskAsync(new(disk, mine, uri, DiskBytes), Ct)).ShouldBe(found);
        await RefusedAsync(PlatformFault.IdTaken, () => Platform.CreateDiskAsync(new(disk, mine, uri, DiskBytes * 2), Ct));

        var both = await Task.WhenAll(Platform.BootAsync(request, Ct), Platform.BootAsync(request, Ct));
        both.ShouldAllBe(r => r.Id == request.Id && (r.State == ResourceState.Running || r.State == ResourceState.Creating));
        (await under.ReallyRunningAsync()).ShouldBe(1);
        await RefusedAsync(PlatformFault.IdTaken, () => Platform.BootAsync(request with { Cpus = 2 }, Ct));
        await CleanAsync();
    }

    [Fact]
    public async Task What_is_not_there_is_said_to_be_not_there_and_deleting_it_is_done_at_once()
    {
        var id = Guid.CreateVersion7();
        foreach (var kind in Enum.GetValues<ResourceKind>())
        {
            (await Platform.FindAsync(kind, id, Ct)).ShouldBeNull();
            (await Platform.DeleteAsync(kind, id, Ct)).ShouldBeTrue();
            await RefusedAsync(PlatformFault.NotFound, () => Platform.ExtendLeaseAsync(kind, id, null, Ct));
        }

        await RefusedAsync(PlatformFault.NotFound, () => Platform.InspectAsync(id, Ct));
        await RefusedAsync(PlatformFault.NotFound, () => Platform.StartAsync(id, Ct));
        await RefusedAsync(PlatformFault.NotFound, () => Platform.PowerOffAsync(id, TimeSpan.Zero, Ct));
        await RefusedAsync(PlatformFault.NotFound, () => Platform.ReadSerialAsync(id, 0, Ct));
        var request = await MachineAsync();
        await RefusedAsync(PlatformFault.NotFound, () => Platform.BootAsync(request with { Disks = [new(id)] }, Ct));
        await RefusedAsync(PlatformFault.NotFound, () => Platform.BootAsync(request with { Nics = [new(id, "52:54:00:00:00:03")] }, Ct));
        (await Platform.FindAsync(ResourceKind.Machine, request.Id, Ct)).ShouldBeNull();
        await CleanAsync();
    }

    [Fact]
    public async Task A_disk_is_in_one_machine_only_and_what_is_used_is_not_deleted()
    {
        var network = await Platform.CreateNetworkAsync(under.Isolated(Guid.CreateVersion7(), mine), Ct);
        var request = await MachineAsync() with { Nics = [new(network.Id, "52:54:00:00:00:04")] };
        await RefusedAsync(PlatformFault.DiskInUse, () => Platform.CreateDiskAsync(new(Guid.CreateVersion7(), mine, lastExport, DiskBytes), Ct));
        await RunningAsync(request);

        await RefusedAsync(PlatformFault.DiskInUse, () => Platform.BootAsync(request with { Id = Guid.CreateVersion7() }, Ct));
        await RefusedAsync(PlatformFault.DiskInUse, () => Platform.DeleteAsync(ResourceKind.Disk, request.Disks[0].Disk, Ct));
        await RefusedAsync(PlatformFault.NetworkInUse, () => Platform.DeleteAsync(ResourceKind.Network, network.Id, Ct));
        (await under.ReallyRunningAsync()).ShouldBe(1);
        await CleanAsync();
    }

    [Fact]
    public async Task A_machine_that_does_not_fit_is_refused_with_the_reason_and_leaves_nothing()
    {
        var request = await MachineAsync();
        var limits = await Platform.LimitsAsync(Ct);
        await RefusedAsync(PlatformFault.MemoryExceeded, () => Platform.BootAsync(request with { MemoryMib = (int)limits.MemoryFreeMib + 1 }, Ct));
        await RefusedAsync(PlatformFault.CpusExceeded, () => Platform.BootAsync(request with { Cpus = limits.CpusFree + 1 }, Ct));
        await RefusedAsync(PlatformFault.InvalidRequest, () => Platform.BootAsync(request with { Name = "a,b" }, Ct));
        await RefusedAsync(PlatformFault.InvalidRequest, () => Platform.BootAsync(request with { Disks = [] }, Ct));
        await RefusedAsync(PlatformFault.DiskUnreachable, () => Platform.CreateDiskAsync(new(Guid.CreateVersion7(), mine, "nbd+unix:///disk?socket=/nonexistent", DiskBytes), Ct));
        await RefusedAsync(PlatformFault.DiskUnreachable, () => Platform.CreateDiskAsync(new(Guid.CreateVersion7(), mine, under.Export("other", DiskBytes), DiskBytes * 2), Ct));
        (await Platform.FindAsync(ResourceKind.Machine, request.Id, Ct)).ShouldBeNull();
        await CleanAsync();
    }

    [Fact]
    public async Task A_driver_that_comes_back_finds_its_machines_and_says_of_a_broken_one_that_it_is_off()
    {
        var (kept, broken) = (await MachineAsync(), await MachineAsync());
        await RunningAsync(kept);
        await RunningAsync(broken);
        await under.BreakAsync(broken.Id);
        await under.ReopenAsync();

        (await Platform.FindAsync(ResourceKind.Machine, kept.Id, Ct))!.State.ShouldBe(ResourceState.Running);
        var off = (await Platform.FindAsync(ResourceKind.Machine, broken.Id, Ct))!;
        (off.State, off.Reason).ShouldBe((ResourceState.Off, off.Reason.ShouldNotBeNull()));
        (await Platform.StartAsync(broken.Id, Ct)).State.ShouldBe(ResourceState.Running);
        await under.BreakAsync(broken.Id);
        await Waiting.UntilAsync("the failure is seen while the driver is open too", Limit, async () => (await Platform.InspectAsync(broken.Id, Ct)).Resource.State == ResourceState.Off);
        await CleanAsync();
    }

    [Fact]
    public async Task Leftovers_of_one_owner_are_found_by_lease_or_task_and_nobody_elses_are_touched()
    {
        var now = TimeProvider.System.GetUtcNow();
        var expired = await MachineAsync(mine with { LeaseUntil = now - TimeSpan.FromMinutes(1) });
        var abandoned = await MachineAsync(mine with { Task = Guid.CreateVersion7(), LeaseUntil = now + TimeSpan.FromHours(1) });
        var extended = await MachineAsync(mine with { LeaseUntil = now - TimeSpan.FromMinutes(1) });
        var foreign = await MachineAsync(new(Guid.CreateVersion7(), Guid.CreateVersion7(), now - TimeSpan.FromHours(1)));
        await RunningAsync(expired);
        await RunningAsync(foreign);
        await Platform.ExtendLeaseAsync(ResourceKind.Disk, extended.Disks[0].Disk, now + TimeSpan.FromHours(1), Ct);
        await under.ReopenAsync();

        var removed = await Leftovers.RemoveAsync(Platform, mine.Owner, task => task == mine.Task, TimeProvider.System, Ct);

        removed.ShouldAllBe(r => r.Kept == null);
        removed.Select(r => r.Found.Id).ShouldBe([expired.Id, expired.Disks[0].Disk, abandoned.Disks[0].Disk], ignoreOrder: true);
        (await Platform.FindAsync(ResourceKind.Disk, extended.Disks[0].Disk, Ct)).ShouldNotBeNull();
        (await Platform.FindAsync(ResourceKind.Machine, foreign.Id, Ct))!.State.ShouldBe(ResourceState.Running);
        (await under.ReallyRunningAsync()).ShouldBe(1);
        await CleanAsync();
        await CleanAsync(foreign.Tags.Owner);
    }

    private async Task<MachineRequest> MachineAsync(ResourceTags? tags = null)
    {
        var (id, disk) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        lastExport = under.Export(id.ToString("n"), DiskBytes);
        await Platform.CreatedAsync(await Platform.CreateDiskAsync(new(disk, tags ?? mine, lastExport, DiskBytes), Ct), Limit, TimeProvider.System, Ct);
        return new(id, tags ?? mine, "conformance", 1, 96, Firmware.Bios, [new(disk)], []);
    }

    private async Task<Resource> RunningAsync(MachineRequest request)
    {
        var made = await Platform.CreatedAsync(await Platform.BootAsync(request, Ct), Limit, TimeProvider.System, Ct);
        made.State.ShouldBe(ResourceState.Running, made.Reason);
        return made;
    }

    /// <summary>Everything of the owner goes, twice; nothing stays.</summary>
    private async Task CleanAsync(Guid? owner = null)
    {
        var all = await Platform.ListAsync(owner ?? mine.Owner, Ct).ToListAsync(Ct);
        all.ShouldNotBeEmpty();
        foreach (var resource in all.OrderByDescending(r => r.Kind))
        {
            await Platform.DeletedAsync(resource.Kind, resource.Id, Limit, TimeProvider.System, Ct);
            (await Platform.DeleteAsync(resource.Kind, resource.Id, Ct)).ShouldBeTrue();
        }

        (await Platform.ListAsync(owner ?? mine.Owner, Ct).ToListAsync(Ct)).ShouldBeEmpty();
    }

    private static async Task RefusedAsync(PlatformFault fault, Func<Task> call)
    {
        var refused = await Should.ThrowAsync<PlatformException>(call);
        refused.Fault.ShouldBe(fault, refused.Message);
    }
}
