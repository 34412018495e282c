using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using HyperBdr.Engine.IO;

namespace HyperBdr.Watchman.Supervision;

/// <summary>A process that outlives whoever started it, known by its id and the time it began: an id alone may be another's by now.</summary>
internal sealed partial class ProcessFile(string path, TimeProvider time)
{
    private const int Terminate = 15;
    private const int Kill = 9;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    public void Keep(int id) => DurableFiles.Write(path, $"{id} {BeganOf(id)}\n");

    /// <summary>Its id while it runs; null when it does not.</summary>
    public int? Running()
    {
        if (DurableFiles.Read(path, 128) is not { } bytes) return null;
        var parts = System.Text.Encoding.ASCII.GetString(bytes).Trim().Split(' ');
        return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 1 && BeganOf(id) is { } began && began == parts[1] ? id : null;
    }

    public async Task StopAsync(CancellationToken ct)
    {
        if (Running() is not { } id) return;
        _ = Signal(id, Terminate);
        var asked = time.GetTimestamp();
        using var timer = new PeriodicTimer(LookEvery, time);
        while (Running() is not null && await timer.WaitForNextTickAsync(ct))
        {
            if (time.GetElapsedTime(asked) > Grace) _ = Signal(id, Kill);
        }
    }

    /// <summary>Field 22 of /proc/{id}/stat; null for a process that is gone or only waits to be collected.</summary>
    private static string? BeganOf(int id)
    {
        try
        {
            // e.g. "123 (a (name)) S 1 123 ...": the name may hold blanks and brackets, so the fields are counted from its end.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (IOException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int id, int signal);
}

/// <summary>Runs a program to its end.</summary>
internal static class Programs
{
    private const int MaxOutput = 64 * 1024;

    /// <returns>Exit code, and what it said (at most 64 KiB).</returns>
    public static async Task<(int Code, string Output)> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken ct)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true }) ?? throw new IOException($"{program} cannot be started.");
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var errors = process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        var text = (await output + await errors).Trim();
        return (process.ExitCode, text.Length > MaxOutput ? text[..MaxOutput] : text);
    }
}
