using System.Globalization;
using HyperBdr.AppHost.Processes.Supervision;

namespace HyperBdr.AppHost.Processes.Servers;

/// <summary>Ports of one RabbitMQ: clients, its own distribution protocol, and its own Erlang port mapper.</summary>
internal sealed record RabbitPorts(int Amqp, int Distribution, int Mapper);

/// <summary>A private RabbitMQ on loopback, its data under <c>data/rabbitmq</c>.</summary>
internal sealed class RabbitServer(Home home, ServerUser user, RabbitPorts ports) : IServer
{
    public const string Programs = "/usr/lib/rabbitmq/bin";

    /// <summary>
    /// The same in every home, since each has its own port mapper: data are bound to the node's name, and would be lost
    /// from sight when the name held a port that is moved later.
    /// </summary>
    private const string Node = "hyperbdr@localhost";
    private const string Account = "hyperbdr";
    private readonly string _data = Path.Combine(home.Data, "rabbitmq");

    public string Name => "rabbitmq";
    public string Command => "rabbitmq-server";
    public IReadOnlyList<int> Ports => [ports.Amqp, ports.Distribution];
    public bool IsPublic => false;
    public IReadOnlyList<Need> Needs => [new("epmd")];
    public bool HasCheck => true;
    public Signal StopSignal => Signal.Terminate;
    public TimeSpan StopLimit => TimeSpan.FromSeconds(12);
    public string ConnectionString => $"amqp://{Account}:{home.Secret("rabbitmq")}@127.0.0.1:{ports.Amqp}";

    /// <summary>A virtual host of its own, for tests.</summary>
    public string ConnectionStringOf(string virtualHost) => $"{ConnectionString}/{virtualHost}";

    public Task PrepareAsync(CancellationToken ct)
    {
        user.OwnFolder(_data);
        user.OwnFile(Path.Combine(_data, "env.conf"), "");
        user.OwnFile(Path.Combine(_data, "enabled_plugins"), "[].\n");
        user.OwnFile(Path.Combine(_data, "rabbitmq.conf"), $"""
            listeners.tcp.1 = 127.0.0.1:{ports.Amqp}
            default_user = {Account}
            default_pass = {home.Secret("rabbitmq")}
            default_user_tags.administrator = true
            log.console = true
            log.console.level = info
            log.file = false
            log.connection.level = error
            disk_free_limit.absolute = 512MB
            vm_memory_high_watermark.relative = 0.25
            num_acceptors.tcp = 4

            """);
        return Task.CompletedTask;
    }

    public Launch CreateLaunch() => new(Path.Combine(Programs, "rabbitmq-server"), [], Environment(), _data, user);

    /// <summary>The protocol header of AMQP 0-9-1, answered by Connection.Start (a method frame, type 1) once clients are accepted.</summary>
    public async Task<Check> CheckAsync(CancellationToken ct)
    {
        var answer = await LoopbackProbe.AskAsync(ports.Amqp, "AMQP\0\0\x09\x01"u8.ToArray(), ct);
        return answer.IsEmpty ? Check.Silent("does not accept connections")
            : answer.Span[0] == 1 ? Check.Passed : Check.Refused("does not speak AMQP 0-9-1");
    }

    public Task CompleteStartAsync(CancellationToken ct) => Task.CompletedTask;

    /// <summary>Makes a virtual host that the account may use, in one call of rabbitmqctl (each costs more than a second).</summary>
    public async Task AddVirtualHostAsync(string name, CancellationToken ct)
    {
        var expression = $"""ok = rabbit_vhost:add(<<"{name}">>, <<"{Account}">>), ok = rabbit_auth_backend_internal:set_permissions(<<"{Account}">>, <<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"{Account}">>).""";
        var launch = new Launch(Path.Combine(Programs, "rabbitmqctl"), ["eval", expression], Environment(), _data, user);
        var result = await Tool.RunAsync(launch, input: null, TimeSpan.FromSeconds(60), ct);
        if (result.ExitCode != 0) throw new StartProblemException($"RabbitMQ does not make the virtual host {name}: {result.LastLine}");
    }

    private Dictionary<string, string> Environment() => new(EpmdServer.Environment(ports.Mapper, _data))
    {
        ["RABBITMQ_NODENAME"] = Node,
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_data, "mnesia"),
        ["RABBITMQ_MNESIA_DIR"] = Path.Combine(_data, "mnesia", "node"),
        ["RABBITMQ_LOG_BASE"] = Path.Combine(_data, "log"),
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(_data, "rabbitmq.conf"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_data, "enabled_plugins"),
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(_data, "env.conf"),
        ["RABBITMQ_PID_FILE"] = Path.Combine(_data, "rabbitmq.pid"),
        ["RABBITMQ_DIST_PORT"] = ports.Distribution.ToString(CultureInfo.InvariantCulture),
        // Busy waiting of idle schedulers would cost a whole core of a small machine.
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
        ["RABBITMQ_LOG"] = "-color",
        // Makes the start script exec Erlang instead of waiting for it in a shell: signals then reach Erlang itself.
        ["RUNNING_UNDER_SYSTEMD"] = "true",
    };
}
