using System.CommandLine;
using HyperBdr.LinuxAgent.Config;
using HyperBdr.LinuxAgent.Layout;

namespace HyperBdr.LinuxAgent.Cli;

/// <summary><c>egisplus-cli agent log</c>: the last lines of the agent's log, and those that follow.</summary>
internal static class LogCommand
{
    private const long MostRead = 4 << 20;
    private const int WrongConfig = 78;
    private static readonly string[] Levels = ["debug", "info", "warn", "error"];
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    public static Command Create(Func<ParseResult, (AgentPaths Paths, AgentConfig? Config)> open, TextWriter output)
    {
        var count = new Option<int>("-n") { Description = "Lines", HelpName = "N", DefaultValueFactory = _ => 100 };
        var follow = new Option<bool>("-f") { Description = "Go on with what is added" };
        var level = new Option<string>("--level") { Description = "Only lines of this level and above", DefaultValueFactory = _ => "debug" }.AcceptOnlyFromAmong(Levels);
        var command = new Command("log", "Show the agent's log") { count, follow, level };
        command.SetAction(async (parsed, ct) =>
        {
            if (open(parsed).Config is not { } config) return WrongConfig;
            var least = Array.IndexOf(Levels, parsed.GetValue(level));
            var path = Path.Combine(config.LogPath, Service.AgentLogs.MainFile);
            var end = await WriteLastAsync(path, Math.Clamp(parsed.GetValue(count), 0, 1_000_000), least, output, ct);
            if (parsed.GetValue(follow)) await FollowAsync(path, end, least, output, ct);
            return 0;
        });
        return command;
    }

    /// <returns>Where the file ended.</returns>
    private static async Task<long> WriteLastAsync(string path, int count, int least, TextWriter output, CancellationToken ct)
    {
        if (!File.Exists(path)) return 0;
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var end = file.Length;
        file.Position = Math.Max(0, end - MostRead);
        using var reader = new StreamReader(file);
        var last = new Queue<string>();
        while (await reader.ReadLineAsync(ct) is { } line)
        {
            if (!IsShown(line, least)) continue;
            last.Enqueue(line);
            if (last.Count > count) last.Dequeue();
        }

        foreach (var line in last) await output.WriteLineAsync(line);
        return end;
    }

    private static async Task FollowAsync(string path, long from, int least, TextWriter output, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Between);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                if (!File.Exists(path)) continue;
                await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                // A new file after a rotation begins at its beginning.
                if (file.Length < from) from = 0;
                file.Position = from;
                using var reader = new StreamReader(file, leaveOpen: true);
                while (await reader.ReadLineAsync(ct) is { } line)
                {
                    if (IsShown(line, least)) await output.WriteLineAsync(line);
                }

                from = file.Position;
            }
        }
        catch (OperationCanceledException)
        {
            // Somebody has seen enough.
        }
    }

    // The level is the second word of a line; lines of a stack have none and belong to the one before.
    private static bool IsShown(string line, int least)
    {
        var words = line.Split(' ', 3);
        var level = words.Length > 1 ? Array.FindIndex(Levels, l => words[1].StartsWith(l, StringComparison.OrdinalIgnoreCase)) : -1;
        return level < 0 || level >= least;
    }
}
