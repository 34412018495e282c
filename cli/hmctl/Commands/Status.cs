using System.Text.Json;
using HyperBdr.Contracts.Control;
using HyperBdr.Hmctl.Output;
using HyperBdr.Hmctl.Suites;

namespace HyperBdr.Hmctl.Commands;

/// <summary><c>hmctl status</c>: services, disk usage, and whether the console answers.</summary>
internal static class Status
{
    public sealed record Options(bool Json, TimeSpan ConsoleWithin);

    public sealed record Report(
        bool Healthy, string Home, IReadOnlyList<ServiceStatus> Services, FolderSize Logs, FolderSize Runtime, Partition Partition, WebConsole WebConsole);

    public sealed record WebConsole(string Address, string Status);

    private static readonly JsonSerializerOptions Json = new(ControlJson.Options) { WriteIndented = true };

    public static async Task<int> RunAsync(ISuite suite, Options options, Io io, CancellationToken ct)
    {
        var status = await suite.StatusAsync(ct);
        var logs = FolderSize.Of(Path.Combine(status.Home, "logs"));
        var runtime = FolderSize.Of(status.Home);
        var partition = Partition.Of(status.Home);
        if (!options.Json) WriteSections(io, status, logs, runtime, partition);

        var answers = await ConsoleAnswersAsync(status, options.ConsoleWithin, io, showProgress: !options.Json, ct);
        if (options.Json)
            await io.Out.WriteLineAsync(JsonSerializer.Serialize(new Report(status.Healthy, status.Home, status.Services, logs, runtime, partition, new(status.Console, answers ? "running" : "not_running")), Json));
        else
            await io.Out.WriteLineAsync($"HyperBdr Web Console Status: {(answers ? "Running" : "Not Running")}");
        return !status.Healthy ? ExitCodes.NotUp : answers ? ExitCodes.Done : ExitCodes.ConsoleSilent;
    }

    private static void WriteSections(Io io, SuiteStatus status, FolderSize logs, FolderSize runtime, Partition partition)
    {
        io.Out.WriteLine("Containers Status");
        TextTable.Write(io, ["Name", "Command", "State", "Ports"],
            [.. status.Services.Select(one => (IReadOnlyList<string>)[one.Name, one.Command, one.Text, string.Join(", ", one.Ports)])],
            (column, row) => column == 2 ? Color(row[column]) : null);
        foreach (var one in status.Services.Where(one => one.Problem is not null)) io.Out.WriteLine($"{one.Name}: {one.Problem}");
        io.Out.WriteLine();
        io.Out.WriteLine("Logs Files Size :");
        io.Out.WriteLine($"{Human.Size(logs.Bytes)}\t{logs.Path}/");
        io.Out.WriteLine();
        io.Out.WriteLine("Runtime Directories and Files Size :");
        io.Out.WriteLine($"{Human.Size(runtime.Bytes)}\t{runtime.Path}");
        io.Out.WriteLine();
        io.Out.WriteLine("Runtime Partition Usage :");
        TextTable.Write(io, ["Filesystem", "Size", "Used", "Avail", "Use%", "Mounted on"],
            [[partition.Filesystem, Human.Size(partition.SizeBytes), Human.Size(partition.UsedBytes), Human.Size(partition.AvailableBytes), $"{partition.UsedPercent}%", partition.MountedOn]],
            (_, _) => null);
        io.Out.WriteLine();
        io.Out.WriteLine("Starting health check...");
    }

    private static string Color(string state) => state switch
    {
        "Up" or "Up (healthy)" or "Exit 0" => "green",
        "Up (health: starting)" or "Waiting" => "yellow",
        _ => "red",
    };

    /// <summary>Any 2xx or 3xx counts. A gateway that is stopped is not waited for.</summary>
    private static async Task<bool> ConsoleAnswersAsync(SuiteStatus status, TimeSpan within, Io io, bool showProgress, CancellationToken ct)
    {
        if (status.Console.Length == 0 || !Uri.TryCreate(status.Console, UriKind.Absolute, out var address)) return false;
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
#pragma warning disable CA5359 // Whether it answers is asked, not who it is: its certificate may be of its own authority, and nothing is sent.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(5) };
        var started = TimeProvider.System.GetTimestamp();
        var isStopped = status.Services.Any(one => one is { Name: "gateway", State: ServiceState.Exited });
        while (true)
        {
            if (await AnswersAsync(client, address, ct)) return Progress(io, showProgress, 100, true);
            var elapsed = TimeProvider.System.GetElapsedTime(started);
            if (isStopped || elapsed >= within) return Progress(io, showProgress, 100, false);
            Progress(io, showProgress, (int)(100 * elapsed / within), false);
            await Task.Delay(TimeSpan.FromSeconds(0.5), ct);
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient client, Uri address, CancellationToken ct)
    {
        try
        {
            using var answer = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, ct);
            return (int)answer.StatusCode is >= 200 and < 400;
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }

    private static bool Progress(Io io, bool show, int percent, bool answers)
    {
        if (show && io.IsTerminal) io.Out.Write($"\r[{new string('#', percent / 5),-20}] {percent}%{(percent == 100 ? "\n" : "")}");
        return answers;
    }
}
