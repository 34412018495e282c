using System.Diagnostics;
using System.Globalization;

namespace HyperBdr.Capture.Freezing;

/// <summary>A process of its own that thaws the file systems when this one ends, hangs or takes too long.</summary>
/// <remarks>
/// It waits for the end of its input, which comes when this process dies in whatever way, or for the time limit. Then it thaws, unless it
/// was told that this is done: what somebody else has frozen is not its to thaw. It ignores the signals that end a service's other processes.
/// </remarks>
internal sealed class FreezeWatchdog : IDisposable
{
    private const string Done = "done";

    /// <summary>Its program; the arguments are the limit in seconds and the places.</summary>
    internal const string Script = """
        trap '' TERM INT HUP
        PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
        for tool in timeout cat fsfreeze; do command -v $tool >/dev/null || { echo "there is no $tool"; exit 1; }; done
        limit=$1; shift
        echo ready
        [ "$(timeout -s KILL "$limit" cat)" = done ] && exit 0
        for place; do fsfreeze -u "$place"; done
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Process process;
    private bool isDisposed;

    private FreezeWatchdog(Process process) => this.process = process;

    /// <summary>Starts it.</summary>
    /// <param name="mountPoints">What to thaw, in this order.</param>
    /// <param name="limit">After this time in any case.</param>
    /// <param name="ct">Cancels the wait for its start.</param>
    /// <exception cref="IOException">It cannot be started.</exception>
    public static async Task<FreezeWatchdog> StartAsync(IEnumerable<string> mountPoints, TimeSpan limit, CancellationToken ct)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var argument in (string[])["-c", Script, "hyperbdr-thaw", Math.Ceiling(limit.TotalSeconds).ToString(CultureInfo.InvariantCulture), .. mountPoints]) start.ArgumentList.Add(argument);
        var watchdog = new FreezeWatchdog(Start(start));
        try
        {
            var said = await watchdog.process.StandardOutput.ReadLineAsync(ct).AsTask().WaitAsync(Patience, ct);
            if (said != "ready") throw new IOException(said ?? "its guard did not start");
            return watchdog;
        }
        catch (Exception e) when (e is IOException or TimeoutException or OperationCanceledException)
        {
            watchdog.Dispose();
            throw e is TimeoutException ? new IOException("its guard did not start in time", e) : e;
        }
    }

    /// <summary>Nothing is frozen any more: it ends and thaws nothing.</summary>
    public void Release()
    {
        try
        {
            process.StandardInput.Write(Done);
        }
        catch (IOException)
        {
            // The limit has passed, and it has ended.
        }
    }

    /// <summary>Ends it; it thaws unless it was released.</summary>
    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }

        process.WaitForExit(Patience);
        process.Dispose();
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new IOException("its guard cannot be started");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new IOException($"its guard cannot be started: {e.Message}", e);
        }
    }
}
