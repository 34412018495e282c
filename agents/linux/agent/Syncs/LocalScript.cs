using System.Diagnostics;

namespace HyperBdr.LinuxAgent.Syncs;

/// <summary>A script of the local administrator, named by the console and never sent by it.</summary>
/// <remarks>It lies in the agent's script folder, belongs to root, and nobody else may write it or its folder. It is started without a shell, with a list of
/// arguments, a small environment and a time limit after which its whole process group is ended.</remarks>
internal sealed class LocalScript
{
    private const int MaxName = 64;
    private const int MaxOutput = 2000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);
    private readonly string path;
    private readonly TimeProvider time;

    private LocalScript(string path, TimeProvider time) => (this.path, this.time) = (path, time);

    public string Name => Path.GetFileName(path);

    /// <summary>Null for an empty name.</summary>
    /// <exception cref="SyncFailure">Not a script that may run.</exception>
    public static LocalScript? Find(string folder, string name, TimeProvider time)
    {
        if (name.Length == 0) return null;
        if (name.Length > MaxName || name[0] == '.' || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')) throw Refused(name, "is no script's name (letters, digits, '.', '_', '-')");
        var file = Path.Combine(folder, name);
        if (FileFacts.Of(folder) is not { IsFolder: true, Owner: 0, OthersMayWrite: false }) throw Refused(name, $"is not run: {folder} must belong to root and nobody else may write it");
        return FileFacts.Of(file) switch
        {
            null => throw Refused(name, $"does not exist in {folder}"),
            { IsRegular: true, Owner: 0, OthersMayWrite: false, IsExecutable: true } => new LocalScript(file, time),
            _ => throw Refused(name, "is not run: it must be a file of root's that is executable and that nobody else may write"),
        };
    }

    /// <returns>The last of what it said.</returns>
    /// <exception cref="SyncFailure">It failed or took too long.</exception>
    public async Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct)
    {
        var start = new ProcessStartInfo(path, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        using var process = Start(start);
        process.StandardInput.Close();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var limit = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), patience, Limit, Timeout.InfiniteTimeSpan);
        var said = Task.WhenAll(TailAsync(process.StandardOutput, patience.Token), TailAsync(process.StandardError, patience.Token));
        try
        {
            await process.WaitForExitAsync(patience.Token);
            // What it has left running may hold its output open: that is not waited for.
            await Task.WhenAny(said, Task.Delay(LastWords, time, ct));
            var tail = said.IsCompletedSuccessfully ? string.Join(' ', said.Result).Trim() : "";
            if (process.ExitCode == 0) return tail;
            throw new SyncFailure(SyncCodes.ScriptFailed, $"The script {Name} ended with {process.ExitCode}{(tail.Length > 0 ? $": {tail}" : "")}.");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            ct.ThrowIfCancellationRequested();
            throw new SyncFailure(SyncCodes.ScriptFailed, $"The script {Name} did not end within {Limit.TotalSeconds:0} s and was ended.");
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new SyncFailure(SyncCodes.ScriptFailed, $"The script {start.FileName} does not start: {e.Message}.", e);
        }
    }

    // The last of what it said; the rest is read and dropped, so that no pipe fills up.
    private static async Task<string> TailAsync(StreamReader reader, CancellationToken ct)
    {
        var tail = "";
        var buffer = new char[1024];
        for (int count; (count = await reader.ReadAsync(buffer, ct)) > 0;)
        {
            tail += new string(buffer, 0, count);
            if (tail.Length > MaxOutput) tail = tail[^MaxOutput..];
        }

        return tail.ReplaceLineEndings(" ");
    }

    private static SyncFailure Refused(string name, string why) => new(SyncCodes.ScriptRefused, $"The script '{(name.Length > MaxName ? name[..MaxName] : name)}' {why}.");
}
