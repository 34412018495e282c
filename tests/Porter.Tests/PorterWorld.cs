using System.Text.Json;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Gateway;
using HyperBdr.Porter.Persistence;
using HyperBdr.Porter.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

[assembly: AssemblyFixture(typeof(PorterWorld))]

namespace HyperBdr.Porter.Tests;

/// <summary>One porter on real servers behind a real gateway for all tests of this assembly; tests keep apart by tenant.</summary>
public sealed class PorterWorld : IAsyncLifetime
{
    private readonly string home = Path.Combine(Path.GetTempPath(), $"hyperbdr-porter-{Guid.CreateVersion7():n}");
    private RunningService<PorterDb>? porter;
    private RunningGateway? gateway;

    public BackingServersFixture Servers { get; } = new();

    public string Home => home;

    public RunningService<PorterDb> Porter => porter ?? throw new InvalidOperationException("not started");

    internal RunningGateway Gateway => gateway ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync()
    {
        await Servers.InitializeAsync();
        Softwares.Write(home);
        porter = await RunningService<PorterDb>.StartAsync("porter", home, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:porterdb"] = await Servers.NewDatabaseAsync("porter", CancellationToken.None),
            ["ConnectionStrings:rabbitmq"] = await Servers.NewVirtualHostAsync("porter", CancellationToken.None),
            ["Link:HeartbeatSeconds"] = "1",
            ["Link:SilenceSeconds"] = "6",
            ["Link:WatchSeconds"] = "1",
            ["Link:FlushSeconds"] = "1",
        }, null, CancellationToken.None);
        await using (var scope = Porter.ScopeOf(Tenants.Platform))
        {
            // Events are read as they are committed, so that sending them does not race.
            await scope.ServiceProvider.GetRequiredService<PorterDb>().Database.ExecuteSqlRawAsync(
                """
                create table captured (tenant_id uuid, type text, payload jsonb, at timestamptz default clock_timestamp());
                create function capture() returns trigger as 'begin insert into captured values ((new.payload->>''tenant_id'')::uuid, new.type, new.payload); return new; end' language plpgsql;
                create trigger capture after insert on outbox for each row execute function capture();
                """);
        }

        gateway = await RunningGateway.StartAsync(home, Porter.Http, Porter.Grpc);
    }

    public async ValueTask DisposeAsync()
    {
        if (gateway is not null) await gateway.DisposeAsync();
        if (porter is not null) await porter.DisposeAsync();
        await Servers.DisposeAsync();
        if (Directory.Exists(home)) Directory.Delete(home, recursive: true);
    }

    /// <summary>What porter told of a tenant so far: type and body, oldest first.</summary>
    public async Task<List<(string Type, JsonElement Body)>> EventsAsync(Guid tenant, CancellationToken ct)
    {
        await using var scope = Porter.ScopeOf(tenant);
        var rows = await scope.ServiceProvider.GetRequiredService<PorterDb>().Database.SqlQuery<string>($"select type || ' ' || payload::text as \"Value\" from captured where tenant_id = {tenant} order by at").ToListAsync(ct);
        return [.. rows.Select(r => r.Split(' ', 2)).Select(r => (r[0], JsonSerializer.Deserialize<JsonElement>(r[1])))];
    }

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, CancellationToken ct) =>
        JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(ct) is { Length: > 0 } text ? text : "null");
}

/// <summary>The gateway in front of a porter, on a port of its own.</summary>
internal sealed class RunningGateway : IAsyncDisposable
{
    private readonly WebApplication app;

    private RunningGateway(WebApplication app)
    {
        this.app = app;
        Port = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a.Replace("[::]", "localhost", StringComparison.Ordinal)).Port).First();
    }

    public int Port { get; }

    /// <param name="port">0 for any.</param>
    public static async Task<RunningGateway> StartAsync(string home, Uri http, Uri grpc, int port = 0)
    {
        var built = GatewayHost.Build(
            [$"--HYPERBDR_HOME={home}", $"--CONSOLE_PORT={port}", "--PORTAL_PORT=0", "--HTTP_PORT=0", $"--services:porter:http:0={http}", $"--services:porter:grpc:0={grpc}",
            "--Gateway:Limits:EnrolPerSecond=10000", "--Gateway:Limits:EnrolBurst=10000", "--Gateway:Limits:AnonymousPerSecond=10000", "--Gateway:Limits:AnonymousBurst=10000"],
            builder => builder.Logging.ClearProviders());
        await built.StartAsync();
        return new RunningGateway(built);
    }

    /// <summary>Ends it as a killed process: connections break.</summary>
    public async Task KillAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}

/// <summary>Packages as an installation offers them.</summary>
internal static class Softwares
{
    public const string Script = "#!/bin/bash\nCONSOLE='@CONSOLE@' TOKEN='@TOKEN@' SUM='@SHA256@'\ncat > ca.pem <<'END'\n@AUTHORITY@\nEND\n";
    public static readonly byte[] Archive = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7))];

    public static void Write(string home)
    {
        var folder = Directory.CreateDirectory(Path.Combine(home, "softwares", "linux")).FullName;
        File.WriteAllText(Path.Combine(folder, "install.sh"), Script);
        File.WriteAllBytes(Path.Combine(folder, "egisplus-agent.tar.gz"), Archive);
    }
}
