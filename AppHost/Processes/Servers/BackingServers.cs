using HyperBdr.AppHost.Processes.Supervision;

namespace HyperBdr.AppHost.Processes.Servers;

/// <summary>The three servers alone, for tests and tools.</summary>
public sealed class BackingServers : IAsyncDisposable
{
    private readonly Suite? _suite;
    private readonly RabbitServer _rabbit;

    private BackingServers(Suite? suite, string home, int portBase, PostgresServer postgres, RabbitServer rabbit, RedisServer redis)
    {
        (_suite, Home, PortBase, _rabbit) = (suite, home, portBase, rabbit);
        Postgres = postgres.ConnectionString("postgres", PostgresServer.SuperUser, postgres.Password);
        RabbitMq = rabbit.ConnectionString;
        Redis = redis.ConnectionString;
    }

    public string Home { get; }
    public int PortBase { get; }

    /// <summary>Npgsql connection string of the super user.</summary>
    public string Postgres { get; }

    /// <summary>AMQP address without a virtual host (the default one).</summary>
    public string RabbitMq { get; }

    /// <summary>StackExchange.Redis configuration.</summary>
    public string Redis { get; }

    /// <summary>Starts them under <paramref name="home"/> and returns when all three are healthy.</summary>
    /// <param name="portBase">PostgreSQL here, Redis on the next, RabbitMQ on the three after.</param>
    /// <param name="durable">False skips flushing to disk: for data that are thrown away.</param>
    /// <exception cref="StartProblemException">In one line what is wrong.</exception>
    public static async Task<BackingServers> StartAsync(string home, int portBase, bool durable, CancellationToken ct)
    {
        var place = Processes.Home.At(home);
        place.Create();
        var (servers, suite) = await CreateAsync(place, portBase, durable, ct);
        suite.Start();
        try
        {
            await suite.Board.UntilAsync(() => suite.IsHealthy || suite.FirstFailed is not null, ct);
            if (suite.FirstFailed is { } failed) throw new StartProblemException($"{failed.Runnable.Name}: {failed.Problem}");
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>Those that another process started with the same home and ports.</summary>
    public static async Task<BackingServers> AttachAsync(string home, int portBase, CancellationToken ct)
    {
        var place = Processes.Home.At(home);
        var user = await ServerUser.ResolveAsync(ct);
        return new(null, place.Root, portBase, new(place, user, portBase, []), new(place, user, Ports(portBase)), new(place, user, portBase + 1));
    }

    /// <summary>Makes a RabbitMQ virtual host and returns its address.</summary>
    public async Task<string> AddVirtualHostAsync(string name, CancellationToken ct)
    {
        await _rabbit.AddVirtualHostAsync(name, ct);
        return _rabbit.ConnectionStringOf(name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_suite is null) return;
        await _suite.StopAsync(CancellationToken.None);
        await _suite.DisposeAsync();
    }

    private static async Task<(BackingServers Servers, Suite Suite)> CreateAsync(Home place, int portBase, bool durable, CancellationToken ct)
    {
        var user = await ServerUser.ResolveAsync(ct);
        await user.RequireAccessAsync(place.Data, ct);
        await Leftovers.EndAsync(place, TimeSpan.FromSeconds(10), ct);
        var ports = Ports(portBase);
        var postgres = new PostgresServer(place, user, portBase, [], durable);
        var redis = new RedisServer(place, user, portBase + 1);
        var rabbit = new RabbitServer(place, user, ports);
        var suite = new Suite(place, [postgres, redis, new EpmdServer(place, user, ports.Mapper), rabbit], TimeProvider.System);
        return (new(suite, place.Root, portBase, postgres, rabbit, redis), suite);
    }

    private static RabbitPorts Ports(int portBase) => new(portBase + 2, portBase + 3, portBase + 4);
}
