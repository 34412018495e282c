using System.Globalization;
using System.Net;
using HyperBdr.Contracts.Control;
using HyperBdr.Demo;
using HyperBdr.Demo.Api;
using HyperBdr.Demo.Protect;
using Xunit;

namespace HyperBdr.SurvivalTests.Site;

/// <summary>All that a company has, of real processes on this machine: the suite, a cloud sync gateway, and a live machine under protection.</summary>
public sealed class ProtectedSite : IAsyncLifetime
{
    private const long DiskBytes = 96L << 20;
    private const long PoolBytes = 6L << 30;
    private const int MostPoints = 128;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly Stack<IAsyncDisposable> running = new();
    private readonly string home = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"hb-survival-{Environment.ProcessId}"));
    private DemoOptions options = null!;

    /// <summary>Everything random comes from it; printed with every failure.</summary>
    public int Seed { get; } = int.TryParse(Environment.GetEnvironmentVariable("HYPERBDR_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();

    internal static bool IsLong { get; } = Environment.GetEnvironmentVariable("LONG") == "1";

    internal AgentNetwork Network { get; private set; } = null!;

    internal Operator Operator { get; private set; } = null!;

    internal GuardedGateway Gateway { get; private set; } = null!;

    internal GuardedAgent Agent { get; private set; } = null!;

    internal LedgeredDisk Disk { get; private set; } = null!;

    internal Writer Writer { get; private set; } = null!;

    internal Recovery Recovery { get; private set; } = null!;

    internal ControlClient Control { get; private set; } = null!;

    internal string Home => home;

    public async ValueTask InitializeAsync()
    {
        try
        {
            await StartAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException or ApiException or IOException or HttpRequestException)
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<Exception> faults = [];
        while (running.TryPop(out var part))
        {
            try
            {
                await part.DisposeAsync();
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or TimeoutException)
            {
                // The others are ended too.
                faults.Add(e);
            }
        }

        Control?.Dispose();
        Recovery?.Dispose();
        if (faults.Count > 0) throw new AggregateException(faults);
        if (Environment.GetEnvironmentVariable("HYPERBDR_KEEP_TEST_HOME") is null && Directory.Exists(home)) Directory.Delete(home, recursive: true);
    }

    /// <summary>The one-line command for another installation.</summary>
    internal Task<string> InstallCommandAsync(string type) => Operator.Api.InstallCommandAsync(type, CancellationToken.None);

    private async Task StartAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(home);
        options = new DemoOptions(Root(), home, 3000 + (Environment.ProcessId % 20 * 20), Fast: true, Keep: false);
        Network = Own(await AgentNetwork.CreateAsync(ct));
        var suite = Own(await DemoSuite.StartAsync(options, _ => { }, ct, IPAddress.Parse(Network.Address)));
        Control = new ControlClient(options.SuiteHome);
        var api = await suite.ApiAsync(TimeProvider.System, ct);
        Gateway = Own(await GuardedGateway.InstallAsync(options.GatewayHome, Path.Combine(home, "pool.img"), PoolBytes, await api.InstallCommandAsync("gateway", ct), Network.Address, _ => { }, ct));
        Disk = Own(await LedgeredDisk.CreateAsync(Path.Combine(home, "disk"), DiskBytes, ct));
        Writer = Own(new Writer(Disk.Mount, Seed));
        Agent = Own(await GuardedAgent.InstallAsync(Network, Path.Combine(home, "agent"), Disk.Device, await api.InstallCommandAsync("linux", ct), ct));
        var gateway = await api.MachineOnlineAsync("sync_gateway", Limit, ct);
        var pool = await api.AddGatewayPoolAsync("gateway-pool", gateway.Id, ct);
        var agent = await api.MachineOnlineAsync("linux_agent", Limit, ct);
        await AvailableAsync(api, pool, ct);
        await ProtectAsync(api, agent.Id, pool, ct);
    }

    /// <summary>On a machine that is busy with other tests the first answer of a fresh store may come too late for the probe.</summary>
    private static async Task AvailableAsync(SuiteApi api, string pool, CancellationToken ct)
    {
        try
        {
            await api.PoolAvailableAsync(pool, Limit, ct);
        }
        catch (ApiException e) when (e.Message.Contains("storplus.probe.timeout", StringComparison.Ordinal))
        {
            await api.Client.PostAsync($"/api/v1/storplus/pools/{pool}/probes", new { }, ct);
            await api.PoolAvailableAsync(pool, Limit, ct);
        }
    }

    private async Task ProtectAsync(SuiteApi api, string host, string pool, CancellationToken ct)
    {
        // Every sync here is started by hand: no tick comes within a run.
        var policy = await api.AddPolicyAsync("by-hand", "0 0 1 1 *", TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(12), ct, MostPoints);
        await api.RegisterHostAsync(host, Limit, ct);
        await api.SetUpAsync(host, pool, policy, ct);
        Operator = new Operator(api, host);
        Writer.Burst(24 << 20, Seed);
        await api.TaskDoneAsync(await Operator.SyncAsync(full: true), Limit, _ => { }, ct);
        Directory.CreateDirectory(options.RestoreFolder);
        var access = await new EscrowKey(options.EscrowKey).AccessAsync(api, pool, new GatewayFiles(options.GatewayHome), options.RestoreFolder, ct);
        Recovery = new Recovery((await Tool.RunAsync(Path.Combine(options.Root, "scripts", "hbdr.sh"), [], ct)).Trim(), access, Disk, options.RestoreFolder);
    }

    private T Own<T>(T part)
        where T : IAsyncDisposable
    {
        running.Push(part);
        return part;
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "HyperBdr.sln"))) folder = folder.Parent ?? throw new DirectoryNotFoundException("HyperBdr.sln");
        return folder.FullName;
    }
}

/// <summary>One site for all tests here; they run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class SiteCollection : ICollectionFixture<ProtectedSite>
{
    public const string Name = "site";
}
