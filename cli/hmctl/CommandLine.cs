using System.CommandLine;
using HyperBdr.Hmctl.Commands;
using HyperBdr.Hmctl.Suites;

namespace HyperBdr.Hmctl;

/// <summary>The commands and their options.</summary>
public static class CommandLine
{
    private const string Description = """
        Operates a HyperBdr suite: local processes (./run) or Docker Compose.

        Exit codes:
          0  done; for status: everything is healthy
          1  a service is not up, or the order failed
          2  everything is up, but the console does not answer
          3  the state cannot be read (no suite runs here)
          4  not healthy in time
          64 wrong usage, or an unknown service
        """;

    public static async Task<int> RunAsync(string[] args, Io io, CancellationToken ct)
    {
        var parsed = Root(io).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            await io.Error.WriteLineAsync($"{parsed.Errors[0].Message.ReplaceLineEndings(" ")} See: hmctl --help");
            return ExitCodes.Usage;
        }
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = io.Out, Error = io.Error, EnableDefaultExceptionHandler = false }, ct);
        }
        catch (CommandFailedException e)
        {
            await io.Error.WriteLineAsync(e.Message.ReplaceLineEndings(" "));
            return e.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }

    private static RootCommand Root(Io io)
    {
        var home = new Option<string?>("--home") { Description = "Folder of the suite (or HYPERBDR_HOME)", Recursive = true };
        var compose = new Option<FileInfo?>("--compose-file") { Description = "Operate this Docker Compose project instead", Recursive = true };
        var root = new RootCommand(Description) { home, compose };
        root.Add(StatusCommand());
        root.Add(OrderCommand("start", Order.Start, "Start all services in order, or one, and wait until healthy"));
        root.Add(OrderCommand("stop", Order.Stop, "Stop all services in reverse order, or one"));
        root.Add(OrderCommand("restart", Order.Restart, "Stop and start all services, or one"));
        root.Add(OrderCommand("reload", Order.Reload, "Take up newly built services; databases stay", hasService: false));
        root.Add(OrderCommand("shutdown", Order.Shutdown, "Stop everything, the engine too (./run --stop)", hasService: false));
        root.Add(LogsCommand());
        var version = new Command("version", "Show the version");
        version.SetAction(_ => VersionCommand.Run(io));
        root.Add(version);
        return root;

        ISuite Suite(ParseResult parsed) =>
            SuiteFinder.Find(parsed.GetValue(home) is { } folder ? io with { Home = Path.GetFullPath(folder) } : io, parsed.GetValue(compose)?.FullName);

        Command StatusCommand()
        {
            var json = new Option<bool>("--json") { Description = "One JSON document" };
            var wait = new Option<int>("--console-wait") { Description = "Seconds to wait for the console", DefaultValueFactory = _ => 60 };
            var command = new Command("status", "Show services, disk usage and whether the console answers") { json, wait };
            command.SetAction((parsed, ct) => Status.RunAsync(Suite(parsed), new(parsed.GetValue(json), TimeSpan.FromSeconds(parsed.GetValue(wait))), io, ct));
            return command;
        }

        Command OrderCommand(string name, Order order, string description, bool hasService = true)
        {
            var service = new Argument<string?>("service") { Description = "One service; all when left out", Arity = ArgumentArity.ZeroOrOne };
            var within = new Option<int>("--timeout") { Description = "Seconds to wait until healthy", DefaultValueFactory = _ => 300 };
            var command = new Command(name, description) { within };
            if (hasService) command.Add(service);
            command.SetAction((parsed, ct) => Orders.RunAsync(Suite(parsed), new(order, hasService ? parsed.GetValue(service) : null, TimeSpan.FromSeconds(parsed.GetValue(within))), io, ct));
            return command;
        }

        Command LogsCommand()
        {
            var service = new Argument<string?>("service") { Description = "One service; all when left out", Arity = ArgumentArity.ZeroOrOne };
            var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what is written from now on" };
            var tail = new Option<int>("--tail") { Description = "Lines from the end (0 to 10000)", DefaultValueFactory = _ => 200 };
            var command = new Command("logs", "Show logs") { service, follow, tail };
            command.SetAction((parsed, ct) => Logs.RunAsync(Suite(parsed), new(parsed.GetValue(service), parsed.GetValue(tail), parsed.GetValue(follow)), io, ct));
            return command;
        }
    }
}
