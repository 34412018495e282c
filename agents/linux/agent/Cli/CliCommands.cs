using System.CommandLine;
using System.Globalization;
using HyperBdr.LinuxAgent.Config;
using HyperBdr.LinuxAgent.Control;
using HyperBdr.LinuxAgent.Layout;
using HyperBdr.LinuxAgent.Service;
using HyperBdr.LinuxAgent.Settings;

namespace HyperBdr.LinuxAgent.Cli;

/// <summary><c>egisplus-cli agent ...</c>. Exit codes: 0 good, 1 the service is down or refuses, 2 not registered, 64 wrong use, 78 wrong configuration.</summary>
internal static class CliCommands
{
    private const int Down = 1;
    private const int WrongConfig = 78;

    private sealed record Context(AgentPaths Paths, AgentConfig Config, ControlClient Agent, TextWriter Output, TextWriter Error)
    {
        public int IsDown()
        {
            Error.WriteLine("egisplus-cli: the agent service does not answer: is egisplus-agent.service started, and are you root?");
            return Down;
        }
    }

    public static RootCommand Create(TextWriter output, TextWriter error)
    {
        var home = new Option<string>("--home") { Description = "Prefix of all paths", HelpName = "DIR", DefaultValueFactory = _ => "", Recursive = true };
        var agent = new Command("agent", "The agent of this machine");
        Add("check", "Check the agent: service, registration, file systems", CheckAsync);
        Add("clean", "Drop caches and temporary data", CleanAsync);
        Add("cow", "Copy-on-write state of the disks", CowAsync);
        Add("devices", "Disks and partitions", DevicesAsync);
        Add("fs", "Mounted file systems and their free space", (context, _) =>
        {
            CheckCommand.WriteMounts(context.Output);
            return Task.FromResult(0);
        });
        Add("version", "Version of this tool and of the agent", VersionAsync);
        agent.Add(LogCommand.Create(parsed => With(parsed, home, output, error), output));
        agent.Add(ReadRate());
        return new RootCommand("Operates the agent of this machine") { home, agent };

        void Add(string name, string description, Func<Context, CancellationToken, Task<int>> run)
        {
            var command = new Command(name, description);
            command.SetAction((parsed, ct) => RunAsync(parsed, home, output, error, run, ct));
            agent.Add(command);
        }

        Command ReadRate()
        {
            var rate = new Argument<int?>("MB/s") { Description = "New limit; 0 for none", Arity = ArgumentArity.ZeroOrOne };
            var command = new Command("read_rate", "Show or set the limit of what is read from disks") { rate };
            rate.Validators.Add(result =>
            {
                if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value > 100_000)) result.AddError("the rate is 0 to 100000 MB/s");
            });
            command.SetAction((parsed, ct) => RunAsync(parsed, home, output, error, (context, token) => ReadRateAsync(context, parsed.GetValue(rate), token), ct));
            return command;
        }
    }

    private static async Task<int> RunAsync(ParseResult parsed, Option<string> home, TextWriter output, TextWriter error, Func<Context, CancellationToken, Task<int>> run, CancellationToken ct)
    {
        var (paths, config) = With(parsed, home, output, error);
        if (config is null) return WrongConfig;
        using var agent = new ControlClient(config, paths.ControlKey);
        return await run(new Context(paths, config, agent, output, error), ct);
    }

    private static (AgentPaths Paths, AgentConfig? Config) With(ParseResult parsed, Option<string> home, TextWriter output, TextWriter error)
    {
        var prefix = parsed.GetValue(home)!;
        var paths = new AgentPaths(prefix.Length == 0 ? "" : Path.GetFullPath(prefix));
        try
        {
            return (paths, AgentSettingsStore.ReadFile(paths));
        }
        catch (Exception e) when (e is ConfigException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"egisplus-cli: {e.Message}");
            return (paths, null);
        }
    }

    private static async Task<int> CheckAsync(Context context, CancellationToken ct) =>
        CheckCommand.Write(context.Output, await context.Agent.StatusAsync(ct), File.Exists(context.Paths.Registered));

    private static async Task<int> CleanAsync(Context context, CancellationToken ct)
    {
        if (await context.Agent.CleanAsync(ct) is not { } cleaned) return context.IsDown();
        context.Output.WriteLine(cleaned.Reason ?? "Clean successful");
        return cleaned.Reason is null ? 0 : 1;
    }

    private static async Task<int> CowAsync(Context context, CancellationToken ct)
    {
        if (await context.Agent.CopyOnWriteAsync(ct) is not { } cow) return context.IsDown();
        TextTable.Write(context.Output, [["device", "size", "used", "state"], .. cow.Devices.Select(d => new[] { d.Device, Sizes.Short(d.Size), $"{d.UsedPercent.ToString("0.#", CultureInfo.InvariantCulture)}%", d.State })]);
        return 0;
    }

    private static async Task<int> DevicesAsync(Context context, CancellationToken ct)
    {
        if (await context.Agent.DevicesAsync(ct) is not { } all) return context.IsDown();
        TextTable.Write(context.Output, [["name", "size", "type", "uuid", "excluded", "sync"], .. all.Devices.Select(d => new[] { d.Name, Sizes.Short(d.Size), d.Type, d.Uuid.Length > 0 ? d.Uuid : "-", d.Excluded ? "yes" : "no", d.SyncState })]);
        return 0;
    }

    private static async Task<int> ReadRateAsync(Context context, int? rate, CancellationToken ct)
    {
        var answer = rate is { } given ? await context.Agent.SetReadRateAsync(given, ct) : await context.Agent.ReadRateAsync(ct);
        if (answer is null) return context.IsDown();
        context.Output.WriteLine($"read rate: {answer.MegabytesPerSecond.ToString(CultureInfo.InvariantCulture)} MB/s");
        return 0;
    }

    private static async Task<int> VersionAsync(Context context, CancellationToken ct)
    {
        context.Output.WriteLine($"egisplus-cli {AgentVersion.Text}");
        if (await context.Agent.StatusAsync(ct) is { } status) context.Output.WriteLine($"egisplus-agent {status.Version}");
        return 0;
    }
}
