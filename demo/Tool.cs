using System.Diagnostics;

namespace HyperBdr.Demo;

/// <summary>Runs programs of this machine to their end.</summary>
public static class Tool
{
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="InvalidOperationException">It ended with another code than 0; the message has all that it said.</exception>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken ct, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var list = arguments.ToList();
        var start = new ProcessStartInfo(program, list) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>(StringComparer.Ordinal)) start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        process.StandardInput.Close();
        try
        {
            var errors = process.StandardError.ReadToEndAsync(ct);
            var output = await process.StandardOutput.ReadToEndAsync(ct);
            var said = await errors;
            await process.WaitForExitAsync(ct);
            return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', list)} ended with {process.ExitCode}: {output}{said}".Trim());
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
