using System.Globalization;
using HyperBdr.Demo.Api;
using HyperBdr.Demo.Guest;

namespace HyperBdr.Demo.Protect;

/// <summary>A live machine is synchronised into object storage, and every recovery point is brought back and compared with the ledger.</summary>
internal sealed class ProtectDemo(DemoOptions options, Steps steps, TimeProvider time)
{
    private const int Incrementals = 2;
    private const string Crontab = "*/5 * * * *";
    private static readonly TimeSpan OnlineLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan SyncLimit = TimeSpan.FromMinutes(15);

    /// <summary>What is ended at the end, the last begun first.</summary>
    private readonly Stack<(string Name, IAsyncDisposable Part)> running = new();

    private DemoSuite suite = null!;
    private SuiteApi api = null!;
    private ProductionHost host = null!;
    private Machine gateway = null!;
    private Machine agent = null!;
    private string pool = "";
    private string policy = "";

    /// <returns>True when every restored disk is what the ledger says.</returns>
    public async Task<bool> RunAsync(CancellationToken ct)
    {
        try
        {
            await SiteAsync(ct);
            await ProtectAsync(ct);
            var results = await RestoreAsync(ct);
            ProtectReport.Show(results, steps.Line);
            ProtectReport.Save(results, options.Report);
            if (options.Keep) await StayAsync(ct);
            return results.Count > Incrementals && results.All(r => r.Holds);
        }
        finally
        {
            await EndAsync();
        }
    }

    private async Task SiteAsync(CancellationToken ct)
    {
        await steps.RunAsync("suite", async () =>
        {
            suite = Own("suite", await DemoSuite.StartAsync(options, steps.Note, ct));
            api = await suite.ApiAsync(time, ct);
            return $"{suite.Address.Console}, company and access key made";
        });
        await steps.RunAsync("cloud sync gateway", async () =>
        {
            Own("cloud sync gateway", await SyncGateway.InstallAsync(await api.InstallCommandAsync("gateway", ct), options.GatewayHome, suite.Address.Console.Host, steps.Note, ct));
            gateway = await api.MachineOnlineAsync("sync_gateway", OnlineLimit, ct);
            return $"{gateway.Name} is enrolled and online";
        });
        await steps.RunAsync("storage pool", async () =>
        {
            pool = await api.AddGatewayPoolAsync("gateway-pool", gateway.Id, ct);
            await api.PoolAvailableAsync(pool, OnlineLimit, ct);
            return "on the gateway, checked and available";
        });
        await steps.RunAsync("production host", async () =>
        {
            var begin = time.GetTimestamp();
            host = Own("production host", await ProductionHost.BootAsync(new GuestFolder(options.Root), options.HostFolder, time, ct));
            return $"{await host.Console.RunAsync("uname -r", ct)}, up in {time.GetElapsedTime(begin).TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s, {await host.OrdersAsync(ct)} orders written";
        });
        await steps.RunAsync("agent", async () =>
        {
            var command = await api.InstallCommandAsync("linux", ct);
            steps.Note(await host.Console.RunAsync(command, ct));
            agent = await api.MachineOnlineAsync("linux_agent", OnlineLimit, ct);
            return $"{agent.Name} enrolled with the one-line command and is online";
        });
    }

    private async Task ProtectAsync(CancellationToken ct)
    {
        await steps.RunAsync("setup DR", async () =>
        {
            // The full sync comes first; in a fast run no tick comes between the steps.
            policy = await api.AddPolicyAsync("every-five-minutes", Crontab, time.GetUtcNow() + (options.Fast ? TimeSpan.FromHours(12) : TimeSpan.FromMinutes(1)), ct);
            await api.RegisterHostAsync(agent.Id, OnlineLimit, ct);
            await api.SetUpAsync(agent.Id, pool, policy, ct);
            return $"mode object, policy {Crontab}";
        });
        await steps.RunAsync("full sync", async () =>
        {
            var before = await host.OrdersAsync(ct);
            await api.TaskDoneAsync(await api.SyncNowAsync(agent.Id, full: true, ct), SyncLimit, Percent, ct);
            return $"while {await host.OrdersAsync(ct) - before} orders were written";
        });
        for (var count = 2; count <= Incrementals + 1; count++)
        {
            await steps.RunAsync($"incremental sync {count - 1}", async () =>
            {
                if (options.Fast) await api.TaskDoneAsync(await api.SyncNowAsync(agent.Id, full: false, ct), SyncLimit, Percent, ct);
                var points = await api.PointsAsync(agent.Id, count, SyncLimit, ct);
                return options.Fast ? "started by hand" : $"by the policy at {points[^1].TakenAt.UtcDateTime:HH:mm:ss}";
            });
        }

        await api.DisablePolicyAsync(policy, ct);
    }

    private async Task<IReadOnlyList<PointResult>> RestoreAsync(CancellationToken ct)
    {
        var results = new List<PointResult>();
        RestoreCheck check = null!;
        await steps.RunAsync("escrow key", async () =>
        {
            var escrow = new EscrowKey(options.EscrowKey);
            var hbdr = (await Tool.RunAsync(Path.Combine(options.Root, "scripts", "hbdr.sh"), [], ct)).Trim();
            var access = await escrow.AccessAsync(api, pool, new GatewayFiles(options.GatewayHome), options.RestoreFolder, ct);
            check = new RestoreCheck(hbdr, access, host, options.RestoreFolder);
            return "the repository opens with a key that the suite does not have";
        });
        var points = await api.PointsAsync(agent.Id, ct);
        foreach (var (index, point) in points.Index())
        {
            var name = index == 0 ? "full" : $"incremental {index}";
            await steps.RunAsync($"restore {name}", async () =>
            {
                var disks = await check.CheckAsync(point, ct);
                results.Add(new(name, point, index == 0 ? null : point.DoneAt - points[index - 1].TakenAt, disks));
                return results[^1].Holds ? $"{disks.Count} disks are what the ledger says" : "DIFFERS from the ledger";
            });
        }

        return results;
    }

    private async Task StayAsync(CancellationToken ct)
    {
        steps.ScreenOnly($"Everything runs on: {suite.Address.Console}, user {suite.SignIn.User}, password {suite.SignIn.Password}. Ctrl-C ends it.");
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, ct);
        }
        catch (OperationCanceledException)
        {
            // That is how it ends.
        }
    }

    private async Task EndAsync()
    {
        api?.Dispose();
        while (running.TryPop(out var last))
        {
            try
            {
                await last.Part.DisposeAsync();
                steps.Note($"ended: {last.Name}");
            }
            catch (Exception e) when (e is InvalidOperationException or IOException)
            {
                // The others are ended too.
                steps.Line($"The {last.Name} did not end in order: {e.Message}");
            }
        }
    }

    private T Own<T>(string name, T part)
        where T : IAsyncDisposable
    {
        running.Push((name, part));
        return part;
    }

    private void Percent(int percent) => steps.Note($"{percent} %");
}
