using System.Text;
using HyperBdr.AppHost.Processes.Supervision;

namespace HyperBdr.AppHost.Processes.Servers;

/// <summary>A private Redis on loopback with a password and an append-only file under <c>data/redis</c>.</summary>
internal sealed class RedisServer(Home home, ServerUser user, int port) : IServer
{
    public const string Program = "/usr/bin/redis-server";
    private readonly string _data = Path.Combine(home.Data, "redis");

    public string Name => "redis";
    public string Command => "redis-server";
    public IReadOnlyList<int> Ports => [port];
    public bool IsPublic => false;
    public IReadOnlyList<Need> Needs => [];
    public bool HasCheck => true;
    public Signal StopSignal => Signal.Terminate;
    public TimeSpan StopLimit => TimeSpan.FromSeconds(10);
    public string ConnectionString => $"127.0.0.1:{port},password={Password},abortConnect=false";

    private string Password => home.Secret("redis");
    private string Configuration => Path.Combine(_data, "redis.conf");

    public Task PrepareAsync(CancellationToken ct)
    {
        user.OwnFolder(_data);
        user.OwnFile(Configuration, $"""
            bind 127.0.0.1
            port {port}
            protected-mode yes
            requirepass {Password}
            daemonize no
            logfile ""
            dir {_data}
            appendonly yes
            appendfsync always
            maxmemory-policy noeviction

            """);
        return Task.CompletedTask;
    }

    public Launch CreateLaunch() => new(Program, [Configuration],
        new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["HOME"] = _data, ["LC_ALL"] = "C.UTF-8", ["TZ"] = "UTC" }, _data, user);

    public async Task<Check> CheckAsync(CancellationToken ct)
    {
        var answer = await LoopbackProbe.AskAsync(port, Encoding.ASCII.GetBytes($"AUTH {Password}\r\nPING\r\n"), ct);
        var text = Encoding.ASCII.GetString(answer.Span);
        if (answer.IsEmpty) return Check.Silent("does not accept connections");
        // "+OK\r\n+PONG\r\n"; the second answer may come in a packet of its own, and "-LOADING …" while the file is read.
        return text.StartsWith("+OK", StringComparison.Ordinal) && !text.Contains("-LOADING", StringComparison.Ordinal)
            ? Check.Passed : Check.Refused(text.Split('\r')[0]);
    }

    public Task CompleteStartAsync(CancellationToken ct) => Task.CompletedTask;
}
