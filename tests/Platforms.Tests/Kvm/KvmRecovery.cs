using HyperBdr.Platforms.Kvm;
using HyperBdr.Platforms.Model;
using Shouldly;
using Xunit;

namespace HyperBdr.Platforms.Tests.Kvm;

/// <summary>What is QEMU's own: records, processes and devices of the host.</summary>
public sealed class KvmRecovery : IAsyncLifetime
{
    private const long DiskBytes = 8 << 20;
    private readonly KvmUnderTest under = new();
    private readonly ResourceTags mine = new(Guid.CreateVersion7(), Guid.CreateVersion7());

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private IPlatform Platform => under.Platform;

    public async ValueTask InitializeAsync() => await under.OpenAsync();

    public ValueTask DisposeAsync() => under.DisposeAsync();

    [Fact]
    public async Task Acceleration_counts_only_when_a_guest_really_ran()
    {
        (await AccelerationProbe.RunsAsync("qemu-system-x86_64", "tcg", under.Folder, Ct)).ShouldBeTrue();
        (await AccelerationProbe.RunsAsync("qemu-system-x86_64", "no-such", under.Folder, Ct)).ShouldBeFalse();
        (await AccelerationProbe.RunsAsync("false", "tcg", under.Folder, Ct)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_folder_has_one_driver_at_a_time() =>
        (await Should.ThrowAsync<PlatformException>(() => KvmPlatform.OpenAsync(under.Settings, TimeProvider.System, Ct))).Fault.ShouldBe(PlatformFault.Unavailable);

    [Fact]
    public async Task A_machine_that_was_being_started_or_whose_record_is_lost_is_ended_by_the_next_driver()
    {
        var (starting, lost, damaged) = (await BootAsync(), await BootAsync(), await BootAsync());
        await Platform.DisposeAsync();
        var record = await File.ReadAllTextAsync(RecordOf(starting), Ct);
        record.ShouldContain("\"stage\":\"On\"");
        var half = System.Text.Json.Nodes.JsonNode.Parse(record)!;
        (half["stage"], half["process"]) = ("Starting", null);
        await File.WriteAllTextAsync(RecordOf(starting), half.ToJsonString(), Ct);
        File.Delete(RecordOf(lost));
        await File.WriteAllTextAsync(RecordOf(damaged), record[..40], Ct);
        (await under.ReallyRunningAsync()).ShouldBe(3);

        await under.OpenAsync();

        (await under.ReallyRunningAsync()).ShouldBe(0);
        var off = (await Platform.FindAsync(ResourceKind.Machine, starting, Ct))!;
        (off.State, off.Reason).ShouldBe((ResourceState.Off, "the driver ended while it started the machine"));
        (await Platform.FindAsync(ResourceKind.Machine, lost, Ct)).ShouldBeNull();
        Directory.EnumerateDirectories(Path.Combine(under.Settings.Folder, "m")).Select(Path.GetFileName).ShouldBe([starting.ToString("n")]);
        File.Exists(RecordOf(damaged) + ".damaged").ShouldBeTrue("it is kept for people to look at");
        (await Platform.StartAsync(starting, Ct)).State.ShouldBe(ResourceState.Running);
    }

    [Fact]
    public async Task A_bridged_machine_is_on_the_named_bridge_while_it_is_on_and_in_its_control_group()
    {
        var space = "hbt-" + Path.GetFileName(under.Folder);
        var group = Directory.Exists("/sys/fs/cgroup/unified") ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";
        await Tool.RunAsync("ip", "netns", "add", space);
        try
        {
            await Tool.RunAsync("ip", "-n", space, "link", "add", "br0", "type", "bridge");
            await Platform.DisposeAsync();
            await under.OpenAsync(under.Settings with { BridgeNamespace = space, ControlGroup = group });
            (await Should.ThrowAsync<PlatformException>(() => Platform.CreateNetworkAsync(new(Guid.CreateVersion7(), mine, NetworkKind.Bridged, Uplink: "br7"), Ct))).Fault.ShouldBe(PlatformFault.NotFound);
            var network = await Platform.CreateNetworkAsync(new(Guid.CreateVersion7(), mine, NetworkKind.Bridged, Uplink: "br0"), Ct);
            var machine = await BootAsync(network.Id);

            (await Tool.RunAsync("ip", "-n", space, "-o", "link", "show", "master", "br0")).ShouldContain(HostNetwork.TapName(machine, 0));
            var process = under.Processes().Single(p => p.Machine == machine).Identity.Id;
            (await File.ReadAllTextAsync($"/proc/{process}/cgroup", Ct)).ShouldContain($"/hbdr-{machine:n}");
            (await File.ReadAllTextAsync($"/proc/{process}/oom_score_adj", Ct)).Trim().ShouldBe("500");

            await Platform.PowerOffAsync(machine, TimeSpan.Zero, Ct);
            (await Tool.RunAsync("ip", "-n", space, "-o", "link", "show", "master", "br0")).ShouldBeEmpty();
            Directory.Exists($"{group}/hbdr-{machine:n}").ShouldBeFalse();
            (await Platform.DeleteAsync(ResourceKind.Machine, machine, Ct)).ShouldBeTrue();
        }
        finally
        {
            await Tool.RunAsync("ip", "netns", "del", space);
        }
    }

    private string RecordOf(Guid machine) => Path.Combine(under.Settings.Folder, "machines", $"{machine:n}.json");

    private async Task<Guid> BootAsync(Guid? network = null)
    {
        var (id, disk) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await Platform.CreateDiskAsync(new(disk, mine, under.Export(id.ToString("n"), DiskBytes), DiskBytes), Ct);
        var request = new MachineRequest(id, mine, "recovery", 1, 96, Firmware.Bios, [new(disk)], network is { } n ? [new(n, "52:54:00:00:00:09")] : []);
        (await Platform.BootAsync(request, Ct)).State.ShouldBe(ResourceState.Running);
        return id;
    }
}
