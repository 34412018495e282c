using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using HyperBdr.Fixtures;
using HyperBdr.Platforms.Model;
using HyperBdr.Platforms.Proof;
using HyperBdr.Platforms.Tests.Guest;
using HyperBdr.Platforms.Tests.Kvm;
using Shouldly;
using Xunit;

namespace HyperBdr.Platforms.Tests;

/// <summary>Real boots out of a real repository. Each costs seconds of two processors, so a test follows one machine through its life.</summary>
public sealed class GuestTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private readonly KvmUnderTest under = new();
    private readonly ResourceTags mine = new(Guid.CreateVersion7(), Guid.CreateVersion7());
    private readonly Repository repository;

    public GuestTests() => repository = new(under.Folder);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private IPlatform Platform => under.Platform;

    public async ValueTask InitializeAsync()
    {
        await BootableGuest.BuildAsync();
        await repository.MakeAsync();
        await under.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        repository.Dispose();
        await under.DisposeAsync();
    }

    [Fact]
    public async Task A_point_boots_in_isolation_is_proven_and_keeps_what_it_wrote_through_every_kill()
    {
        var (overlay, profile) = (under.PathOf("overlay"), under.PathOf("profile"));
        var (exporter, uri) = await repository.ExportAsync(overlay, profile);
        var network = await Platform.CreateNetworkAsync(under.Isolated(Guid.CreateVersion7(), mine), Ct);
        var disk = await Platform.CreateDiskAsync(new(Guid.CreateVersion7(), mine, uri, BootableGuest.Bytes), Ct);
        var machine = new MachineRequest(Guid.CreateVersion7(), mine, "guest", 1, 160, Firmware.Bios, [new(disk.Id)], [new(network.Id, "52:54:00:00:00:02", "10.77.0.2")]);

        var asked = Stopwatch.GetTimestamp();
        (await Platform.BootAsync(machine, Ct)).State.ShouldBe(ResourceState.Running);
        Say($"QEMU runs {Stopwatch.GetElapsedTime(asked).TotalSeconds:0.00} s after the request");
        await ProveAsync(machine.Id, "1");
        (await Platform.ScreenshotAsync(machine.Id, Ct)).Length.ShouldBeGreaterThan(500);
        await NothingIsReachedAsync(machine.Id);

        // Watchman ends and comes back: the machine runs on, and its serial text is there from the first line.
        await under.ReopenAsync();
        (await Platform.ReadSerialAsync(machine.Id, 0, Ct)).Text.ShouldContain("READY boots=1 marker=point-7");
        (await Platform.PowerOffAsync(machine.Id, Limit, Ct)).State.ShouldBe(ResourceState.Off);
        (await Platform.ReadSerialAsync(machine.Id, 0, Ct)).Text.ShouldContain("GOES-OFF");
        await Repository.EndAsync(exporter);
        new FileInfo(profile).Length.ShouldBeGreaterThan(100, "the first boot's order was kept");

        // The next boot is fetched in that order; then its exporter is killed.
        (exporter, _) = await repository.ExportAsync(overlay, profile);
        (await Platform.StartAsync(machine.Id, Ct)).State.ShouldBe(ResourceState.Running);
        (await ReadyAsync(machine.Id)).ShouldContain("boots=2 marker=point-7");
        await ShellAsync(machine.Id, "(while :; do date >/disk/srv/lost; sync; sleep 1; done) >/dev/null 2>&1 </dev/null &");
        exporter.Kill();
        await exporter.WaitForExitAsync(Ct);
        await Waiting.UntilAsync("the machine stands still", Limit, async () => (await Platform.InspectAsync(machine.Id, Ct)).Resource is { State: ResourceState.Stalled, Reason: not null });
        (await ProofOfBoot.RunAsync(Platform, machine.Id, [new SerialProbe("ready", Limit, "READY")], TimeProvider.System, Ct)).State.ShouldBe(ProofState.Failed, "a machine that stands still is not proven, whatever it said before");

        // Switched off and on it goes on from what was flushed; then QEMU is killed.
        await Platform.PowerOffAsync(machine.Id, TimeSpan.Zero, Ct);
        (exporter, _) = await repository.ExportAsync(overlay, profile);
        await Platform.StartAsync(machine.Id, Ct);
        (await ReadyAsync(machine.Id)).ShouldContain("boots=3 marker=point-7");
        await under.BreakAsync(machine.Id);
        var off = await Platform.InspectAsync(machine.Id, Ct);
        (off.Resource.State, off.Resource.Reason).ShouldBe((ResourceState.Off, "QEMU ended unexpectedly"));
        await Tool.RunAsync("nbdcopy", uri, under.PathOf("copy"));
        (await Tool.RunAsync("/usr/sbin/debugfs", "-R", "cat /srv/boots", $"{under.PathOf("copy")}?offset={36 << 20}")).Trim().ShouldBe("3");
        await Repository.EndAsync(exporter);
        foreach (var (kind, id) in new[] { (ResourceKind.Machine, machine.Id), (ResourceKind.Disk, disk.Id), (ResourceKind.Network, network.Id) }) (await Platform.DeleteAsync(kind, id, Ct)).ShouldBeTrue();
        (await Platform.ListAsync(mine.Owner, Ct).ToListAsync(Ct)).ShouldBeEmpty();
        (await under.ReallyRunningAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Repository_and_escrowed_key_alone_boot_a_point()
    {
        var picture = under.PathOf("screen.png");
        using var hbdr = repository.Start(
            ["boot", repository.Place, "latest", "--escrow-key", repository.EscrowKey, "--folder", under.PathOf("b"), "--memory", "160",
                "--expect", "READY boots=1 marker=point-7", "--within", "90", "--screenshot", picture, "--json"], withKeyFile: false);
        var error = hbdr.StandardError.ReadToEndAsync(Ct);
        var output = await hbdr.StandardOutput.ReadToEndAsync(Ct);
        await hbdr.WaitForExitAsync(Ct);

        hbdr.ExitCode.ShouldBe(0, output + await error);
        Say(output);
        output.ShouldContain("\"state\":\"proven\"");
        (await File.ReadAllBytesAsync(picture, Ct))[1..4].ShouldBe("PNG"u8.ToArray());
        HyperBdr.Platforms.Kvm.ProcessIdentity.StartedWith("-name", "guest=hguest").ShouldBeEmpty();
    }

    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);

    private async Task ProveAsync(Guid machine, string boots)
    {
        Probe[] probes =
        [
            new SerialProbe("ready", Limit, "^READY boots=" + boots),
            new MarkerProbe("application's point", Limit, @"marker=(?<value>\S+)", "point-7"),
            new MarkerProbe("application's page", Limit, @"(?<value>point-\d+)", "point-7", 80, "/marker"),
            new GuestAgentProbe("guest agent", Limit),
            new TcpProbe("shell", Limit, 23),
            new HttpProbe("page", Limit, 80, "/marker", Contains: "point-7"),
            new ScriptProbe("script", Limit, "sh", ["-c", "exec busybox wget -q -O - http://$HYPERBDR_ADDRESS/marker"]),
        ];
        var proof = await ProofOfBoot.RunAsync(Platform, machine, probes, TimeProvider.System, Ct);
        foreach (var probe in proof.Probes) Say($"{probe.Kind}: {probe.Holds} after {probe.Took.TotalSeconds:0.0} s: {probe.Evidence}");
        proof.State.ShouldBe(ProofState.Proven, proof.Reason);

        Probe[] wrong = [new MarkerProbe("another point", TimeSpan.FromSeconds(1), @"marker=(?<value>\S+)", "point-8"), new TcpProbe("closed", TimeSpan.FromSeconds(1), 81), new SerialProbe("ready", Limit, "READY")];
        var refuted = await ProofOfBoot.RunAsync(Platform, machine, wrong, TimeProvider.System, Ct);
        refuted.State.ShouldBe(ProofState.Failed);
        refuted.Probes.Select(p => p.Holds).ShouldBe([false, false, true]);
        refuted.Reason.ShouldNotBeNull().ShouldContain("'point-7', 'point-8' is expected");
        (await ProofOfBoot.RunAsync(Platform, machine, [], TimeProvider.System, Ct)).State.ShouldBe(ProofState.Unproven, "without a probe there is no success");
    }

    /// <summary>From inside: the network's own address answers pings, and nothing else does; nothing listens there. From outside: no way in.</summary>
    private async Task NothingIsReachedAsync(Guid machine)
    {
        using var outside = new TcpListener(IPAddress.Any, 0);
        outside.Start();
        var port = ((IPEndPoint)outside.LocalEndpoint).Port;
        var own = Dns.GetHostAddresses(Dns.GetHostName()).Where(a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a)).Select(a => a.ToString());
        string[] places = ["10.77.0.1", "127.0.0.1", .. own];
        var said = await ShellAsync(machine, "ping -c 1 -W 2 10.77.0.1 >/dev/null && echo NETWORK-THERE; " + string.Concat(places.Select(p => $"nc -w 1 {p} {port} </dev/null >/dev/null 2>&1 && echo REACHED {p}; ")));
        said.ShouldContain("NETWORK-THERE");
        said.ShouldNotContain("REACHED");
        outside.Pending().ShouldBeFalse();
        // Something else may well have that address outside; it is not the guest.
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
        string answer;
        try
        {
            answer = await http.GetStringAsync(new Uri("http://10.77.0.2/marker"), Ct);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            answer = e.Message;
        }

        answer.ShouldNotContain("point-7");
    }

    /// <summary>The line of this boot.</summary>
    private Task<string> ReadyAsync(Guid machine) => Waiting.UntilAsync("the guest is ready", Limit, async () =>
    {
        var facts = await Platform.InspectAsync(machine, Ct);
        facts.Resource.State.ShouldBe(ResourceState.Running, facts.Resource.Reason);
        return (await Platform.ReadSerialAsync(machine, facts.SerialFrom, Ct)).Text.Split('\n').FirstOrDefault(l => l.Contains("READY", StringComparison.Ordinal));
    });

    /// <summary>Runs commands in the guest, over its network.</summary>
    private async Task<string> ShellAsync(Guid machine, string command)
    {
        var reach = await Platform.ReachAsync(machine, Ct);
        await using var stream = await reach.ConnectAsync(23, Ct);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(command + "\necho END-OF\"\"-IT\n"), Ct);
        using var reader = new StreamReader(stream);
        var said = new StringBuilder();
        using var late = new CancellationTokenSource(Limit);
        while (await reader.ReadLineAsync(late.Token) is { } line && !line.Contains("END-OF-IT", StringComparison.Ordinal)) said.Append(line).Append('\n');
        return said.ToString();
    }
}
