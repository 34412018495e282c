using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace HyperBdr.Platforms.Kvm;

/// <summary>Runs a program of the host to its end, with limits on time and output.</summary>
internal static class HostProgram
{
    private const int MaxOutput = 16 * 1024;

    /// <exception cref="PlatformException"><see cref="PlatformFault.Failed"/>: it cannot be started, takes too long, or ended with another code than 0.</exception>
    public static async Task<string> DoAsync(string program, IReadOnlyList<string> arguments, TimeSpan limit, CancellationToken ct)
    {
        var (code, output) = await RunAsync(new ProcessStartInfo(program, arguments), limit, MaxOutput, ct);
        return code == 0 ? output : throw new PlatformException(PlatformFault.Failed, program, output.Trim() is { Length: > 0 } said ? said : $"ended with {code}");
    }

    /// <returns>Exit code, null when the limit ended it; and what it said, at most <paramref name="maxOutput"/> bytes.</returns>
    public static async Task<(int? Code, string Output)> RunAsync(ProcessStartInfo start, TimeSpan limit, int maxOutput, CancellationToken ct)
    {
        start.UseShellExecute = false;
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        using var process = Begin(start);
        process.StandardInput.Close();
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(limit);
        var output = new BoundedText(maxOutput);
        try
        {
            await Task.WhenAll(output.TakeAsync(process.StandardOutput.BaseStream, late.Token), output.TakeAsync(process.StandardError.BaseStream, late.Token));
            await process.WaitForExitAsync(late.Token);
            return (process.ExitCode, output.ToString());
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return (null, output.ToString());
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static Process Begin(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new PlatformException(PlatformFault.Failed, start.FileName, "cannot be started: " + e.Message, e);
        }
    }

    /// <summary>Keeps the beginning of what is said and drops the rest, so that whoever says it never waits.</summary>
    private sealed class BoundedText(int max)
    {
        private readonly Lock gate = new();
        private readonly byte[] kept = new byte[max];
        private int length;

        public async Task TakeAsync(Stream from, CancellationToken ct)
        {
            var buffer = new byte[4096];
            for (int read; (read = await from.ReadAsync(buffer, ct)) > 0;)
            {
                lock (gate)
                {
                    var some = Math.Min(read, max - length);
                    buffer.AsSpan(0, some).CopyTo(kept.AsSpan(length));
                    length += some;
                }
            }
        }

        public override string ToString()
        {
            lock (gate) return Encoding.UTF8.GetString(kept, 0, length);
        }
    }
}
