using System.CommandLine;
using System.Runtime.InteropServices;
using HyperBdr.Engine;
using HyperBdr.Hbdr.Commands;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr;

/// <summary>The commands, and how each of them ends.</summary>
internal static class CommandLine
{
    private const string Description = """
        Keeps disks as recovery points in a deduplicating, encrypted repository, and brings them back.

        A REPO is a folder or s3://bucket/prefix. Its key is a file, a passphrase or an offline escrow key: see the
        options below, or HBDR_KEY_FILE, HBDR_PASSPHRASE_FILE and HBDR_ESCROW_KEY. Without a key nothing can be restored.

        Exit codes:
          0    done
          1    wrong usage, or what was named does not exist
          2    wrong key, no repository there, another repository's, or a newer format
          3    the store cannot be reached, or refuses
          4    the store is full
          5    stored data is damaged or missing
          6    the source failed
          7    the target failed
          8    busy, outlived or protected: nothing was changed
          9    the local cache folder cannot be used: the repository is as it was
          70   a failure inside of hbdr
          130  interrupted
        """;

    public static async Task<int> RunAsync(string[] args, Io io)
    {
        var root = new RootCommand(Description);
        var repository = new RepositoryOptions(io);
        var report = new ReportOptions();
        repository.AddTo(root);
        report.AddTo(root);
        foreach (var command in AllCommands.Create(repository, report, io)) root.Add(command);
        var parsed = root.Parse(args);
        var failures = new Failures(io, report.IsJson(parsed));
        if (parsed.Errors.Count > 0)
        {
            return failures.Write(new EngineException(Fault.InvalidArgument, parsed.CommandResult.Command.Name, $"{parsed.Errors[0].Message.ReplaceLineEndings(" ")} See: hbdr --help"));
        }

        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            var configuration = new InvocationConfiguration { Output = io.Out, Error = io.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(configuration, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return failures.Interrupted();
        }
        catch (EngineException e)
        {
            return failures.Write(e);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return failures.Write(e);
        }

        void Stop(PosixSignalContext signal)
        {
            // The second one ends the process at once.
            if (stop.IsCancellationRequested) return;
            signal.Cancel = true;
            stop.Cancel();
        }
    }
}
