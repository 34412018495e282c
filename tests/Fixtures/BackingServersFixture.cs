using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using HyperBdr.AppHost.Processes.Servers;
using Npgsql;
using Xunit;

namespace HyperBdr.Fixtures;

/// <summary>
/// The real PostgreSQL, RabbitMQ and Redis for one test assembly:
/// <c>[assembly: AssemblyFixture(typeof(BackingServersFixture))]</c>.
/// </summary>
/// <remarks>
/// Uses the servers named by the file in <c>HYPERBDR_TEST_SERVERS</c> (see <see cref="TestServersFile"/>), else starts a set of its own in a
/// temporary home on free ports and removes it at the end. Nothing is shared between tests that ask for their own
/// database and virtual host.
/// </remarks>
public sealed class BackingServersFixture : IAsyncLifetime
{
    private string? _ownHome;
    private BackingServers? _servers;

    /// <summary>Npgsql connection string of the super user, database <c>postgres</c>.</summary>
    public string Postgres => Servers.Postgres;

    /// <summary><c>amqp://user:password@host:port</c>, the default virtual host; prefer <see cref="NewVirtualHostAsync"/>.</summary>
    public string RabbitMq => Servers.RabbitMq;

    /// <summary>StackExchange.Redis configuration; begin every key and channel with <see cref="RedisPrefix"/>.</summary>
    public string Redis => Servers.Redis;

    /// <summary>Different in every test assembly and run.</summary>
    public string RedisPrefix { get; } = "t" + Guid.CreateVersion7().ToString("N") + ":";

    private BackingServers Servers => _servers ?? throw new InvalidOperationException("the fixture has not been initialized");

    public async ValueTask InitializeAsync()
    {
        var limit = TimeSpan.FromSeconds(120);
        using var ct = new CancellationTokenSource(limit);
        if (TestServersFile.Read() is { } given)
        {
            _servers = await BackingServers.AttachAsync(given.Home, given.PortBase, ct.Token);
            return;
        }
        RemoveAbandoned();
        _ownHome = Path.Combine(Path.GetTempPath(), $"hyperbdr-tests-{Environment.ProcessId}");
        _servers = await BackingServers.StartAsync(_ownHome, FreePorts(), durable: false, ct.Token);
    }

    /// <summary>Makes an empty database and returns its connection string.</summary>
    /// <param name="name">Begins the database's name; letters, digits and underscores.</param>
    public async Task<string> NewDatabaseAsync(string name, CancellationToken ct)
    {
        var database = $"{name}_{Guid.CreateVersion7():N}";
        await using var connection = new NpgsqlConnection(Postgres);
        await connection.OpenAsync(ct);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // An identifier cannot be a parameter; the name comes from the test itself.
        command.CommandText = $"CREATE DATABASE \"{database}\"";
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(ct);
        return new NpgsqlConnectionStringBuilder(Postgres) { Database = database }.ConnectionString;
    }

    /// <summary>Makes a RabbitMQ virtual host and returns its address. Costs about two seconds: one per test class or assembly.</summary>
    public Task<string> NewVirtualHostAsync(string name, CancellationToken ct) =>
        Servers.AddVirtualHostAsync($"{name}-{Guid.CreateVersion7():N}", ct);

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (_servers is not null) await _servers.DisposeAsync();
        if (_ownHome is not null && Directory.Exists(_ownHome)) Directory.Delete(_ownHome, recursive: true);
    }

    /// <summary>Five ports in a row that nothing listens on, below those that the kernel gives to clients.</summary>
    private static int FreePorts()
    {
        var first = 20_000 + Environment.ProcessId % 1000 * 10;
        for (var step = 0; step < 1000; step++)
        {
            var candidate = 20_000 + (first - 20_000 + step * 10) % 10_000;
            if (Enumerable.Range(candidate, 5).All(IsFree)) return candidate;
        }
        throw new InvalidOperationException("no five free ports in a row between 20000 and 30000");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Homes of test processes that were killed.</summary>
    private static void RemoveAbandoned()
    {
        foreach (var home in Directory.EnumerateDirectories(Path.GetTempPath(), "hyperbdr-tests-*"))
        {
            var id = Path.GetFileName(home)["hyperbdr-tests-".Length..];
            if (!int.TryParse(id, CultureInfo.InvariantCulture, out var process) || Directory.Exists($"/proc/{process}")) continue;
            try
            {
                Directory.Delete(home, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"cannot remove {home}: {e.Message}");
            }
        }
    }
}

/// <summary>What the file in <c>HYPERBDR_TEST_SERVERS</c> says: <c>{"home": "/tmp/x", "port_base": 21000}</c>.</summary>
public sealed record TestServersFile(string Home, int PortBase)
{
    public const string Variable = "HYPERBDR_TEST_SERVERS";
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static TestServersFile? Read() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path
            ? JsonSerializer.Deserialize<TestServersFile>(File.ReadAllText(path), Json) : null;

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Json));
}
