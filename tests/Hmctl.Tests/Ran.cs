namespace HyperBdr.Hmctl.Tests;

/// <summary>One run of hmctl and what it said.</summary>
internal sealed record Ran(int ExitCode, string Output, string Error)
{
    public static async Task<Ran> Async(string home, string[] args, bool isTerminal = false, string? root = null, string searchPath = "", CancellationToken ct = default)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await CommandLine.RunAsync(args, new Io(output, error, isTerminal, home, root, searchPath), ct);
        return new(exitCode, output.ToString(), error.ToString());
    }
}
