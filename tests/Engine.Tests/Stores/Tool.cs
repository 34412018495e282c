using System.Diagnostics;

namespace HyperBdr.Engine.Tests.Stores;

/// <summary>Runs a tool of the system to its end.</summary>
internal static class Tool
{
    public static async Task<string> RunAsync(string name, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(name, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{name} ended with {process.ExitCode}: {await error}");
    }
}
