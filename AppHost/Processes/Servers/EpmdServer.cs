using System.Globalization;
using HyperBdr.AppHost.Processes.Supervision;

namespace HyperBdr.AppHost.Processes.Servers;

/// <summary>Erlang's port mapper, private to this home.</summary>
/// <remarks>
/// Erlang would start one as a daemon by itself, which outlives RabbitMQ and everything else. Run here in the
/// foreground before RabbitMQ, it is watched like the rest and ends with the rest.
/// </remarks>
internal sealed class EpmdServer(Home home, ServerUser user, int port) : IServer
{
    public const string Program = "/usr/bin/epmd";

    public string Name => "epmd";
    public string Command => "epmd";
    public IReadOnlyList<int> Ports => [port];
    public bool IsPublic => false;
    public IReadOnlyList<Need> Needs => [];
    public bool HasCheck => true;
    public Signal StopSignal => Signal.Terminate;
    public TimeSpan StopLimit => TimeSpan.FromSeconds(2);

    public Task PrepareAsync(CancellationToken ct) => Task.CompletedTask;

    public Launch CreateLaunch() => new(Program, [], Environment(port, home.Data), home.Data, user);

    /// <summary>NAMES_REQ of the port mapper's protocol: two bytes of length, then 'n'; the answer begins with its port.</summary>
    public async Task<Check> CheckAsync(CancellationToken ct) =>
        (await LoopbackProbe.AskAsync(port, new byte[] { 0, 1, (byte)'n' }, ct)).Length >= 4 ? Check.Passed : Check.Silent("does not accept connections");

    public Task CompleteStartAsync(CancellationToken ct) => Task.CompletedTask;

    public static Dictionary<string, string> Environment(int port, string home) => new()
    {
        ["PATH"] = $"{RabbitServer.Programs}:/usr/bin:/bin",
        ["HOME"] = home,
        ["LANG"] = "C.UTF-8",
        ["LC_ALL"] = "C.UTF-8",
        ["TZ"] = "UTC",
        ["ERL_EPMD_PORT"] = port.ToString(CultureInfo.InvariantCulture),
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
    };
}
