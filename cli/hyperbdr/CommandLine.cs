using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using HyperBdr.Cli.Calls;
using HyperBdr.Cli.Commands;
using HyperBdr.Cli.Output;

namespace HyperBdr.Cli;

/// <summary>The commands, and how each of them ends.</summary>
internal static class CommandLine
{
    private const string Description = """
        Operates HyperBdr over its console: hosts, storage pools, policies, tasks, recovery points.

        Who calls: HYPERBDR_URL, HYPERBDR_ACCESS_KEY, HYPERBDR_SECRET_KEY and HYPERBDR_AUTHORITY (file of the installation's
        authority), or a profile with the fields url, access_key, secret_key, authority: ~/.config/hyperbdr/profile.json,
        which nobody else may read (mode 0600). A host, pool or policy is named by its id or by its name.

        Exit codes:
          0    done
          1    wrong usage, or no usable profile
          2    the console does not accept the key, or its role does not allow this
          3    the console cannot be reached, or is not the one of the authority
          4    refused: not there, or its state does not allow it
          5    some hosts were accepted and some refused
          6    the task that was watched failed or was aborted
          7    the host is not ready: blocked or unknown
          70   a failure inside of hyperbdr
          130  interrupted
        """;

    public static async Task<int> RunAsync(string[] args, Io io)
    {
        var json = new Option<bool>("--json") { Description = "One JSON document (tasks watch: one per line)", Recursive = true };
        var profile = new Option<string?>("--profile") { Description = "Profile file", HelpName = "FILE", Recursive = true };
        var root = new RootCommand(Description) { json, profile };
        Session Open(ParseResult parsed) => new(ConsoleClient.Open(Profile.Find(parsed.GetValue(profile), io), io), new Report(io, parsed.GetValue(json)), io);
        root.Add(HostCommands.Create(Open));
        root.Add(PoolCommands.Create(Open));
        root.Add(PolicyCommands.Create(Open));
        root.Add(TaskCommands.Create(Open));
        root.Add(PointCommands.Create(Open));
        root.Add(RepositoryCommands.Create(Open));
        root.Add(RepositoryCommands.CreateKeys(Open));
        root.Add(MachineCommands.Create(Open));
        root.Add(MachineCommands.CreateLicences(Open));
        root.Add(InstallCommand.Create(Open));
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0) return Fail(io, parsed.GetValue(json), ExitCodes.Usage, "cli.usage", $"{parsed.Errors[0].Message.ReplaceLineEndings(" ")} See: hyperbdr --help");
        return await InvokeAsync(parsed, io, parsed.GetValue(json));
    }

    private static async Task<int> InvokeAsync(ParseResult parsed, Io io, bool json)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = io.Out, Error = io.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (CommandFailedException e)
        {
            return Fail(io, json, e.ExitCode, e.Code, e.Message);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Fail(io, json, ExitCodes.Internal, "cli.internal", $"hyperbdr failed: {e.Message}");
        }

        void Stop(PosixSignalContext signal)
        {
            if (stop.IsCancellationRequested) return;
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static int Fail(Io io, bool json, int exitCode, string code, string message)
    {
        if (json) Report.WriteDocument(io.Out, new JsonObject { ["error"] = new JsonObject { ["code"] = code, ["message"] = message } });
        else io.Error.WriteLine(message.ReplaceLineEndings(" "));
        return exitCode;
    }
}

/// <summary>What a command works with.</summary>
internal sealed record Session(ConsoleClient Console, Report Report, Io Io) : IDisposable
{
    public void Dispose() => Console.Dispose();
}
