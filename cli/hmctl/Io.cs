namespace HyperBdr.Hmctl;

/// <summary>Where a command reads and writes: the process's own, or a test's.</summary>
/// <param name="IsTerminal">Colours and progress only here.</param>
/// <param name="Home">HYPERBDR_HOME.</param>
/// <param name="Root">Folder of the clone or installation, where <c>deploy/compose</c> lies; null when unknown.</param>
/// <param name="SearchPath">PATH, where <c>docker</c> is looked for.</param>
public sealed record Io(TextWriter Out, TextWriter Error, bool IsTerminal, string Home, string? Root, string SearchPath)
{
    public static Io Process()
    {
        var isTerminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";
        return new(Console.Out, Console.Error, isTerminal, HomeOf(Environment.GetEnvironmentVariable("HYPERBDR_HOME")),
            Environment.GetEnvironmentVariable("HYPERBDR_ROOT"), Environment.GetEnvironmentVariable("PATH") ?? "");
    }

    /// <summary>The same default as the AppHost's.</summary>
    private static string HomeOf(string? given) =>
        !string.IsNullOrWhiteSpace(given) ? Path.GetFullPath(given)
        : Environment.IsPrivilegedProcess ? "/var/lib/hyperbdr"
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".hyperbdr");
}

/// <summary>Exit codes; <c>hmctl --help</c> and docs/runbooks/hmctl.md list them.</summary>
public static class ExitCodes
{
    public const int Done = 0;
    public const int NotUp = 1;
    public const int ConsoleSilent = 2;
    public const int NoState = 3;
    public const int TimedOut = 4;
    public const int Usage = 64;
}

/// <summary>A refusal in one line: what is wrong, and what to do.</summary>
public sealed class CommandFailedException : Exception
{
    public CommandFailedException() { }
    public CommandFailedException(string message) : base(message) { }
    public CommandFailedException(string message, Exception inner) : base(message, inner) { }
    public CommandFailedException(int exitCode, string message) : base(message) => ExitCode = exitCode;

    public int ExitCode { get; } = ExitCodes.NotUp;
}
