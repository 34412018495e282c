namespace HyperBdr.Cli;

/// <summary>Where a command reads and writes beside the console.</summary>
/// <param name="IsTerminal">True when somebody watches <paramref name="Out"/>: a line is drawn again and again only then.</param>
/// <param name="Environment">A variable's value; null when it is not set or empty.</param>
internal sealed record Io(TextWriter Out, TextWriter Error, bool IsTerminal, TimeProvider Time, Func<string, string?> Environment)
{
    public static Io Process() => new(Console.Out, Console.Error, !Console.IsOutputRedirected, TimeProvider.System, Variable);

    private static string? Variable(string name) => System.Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}

/// <summary>Exit codes; <c>hyperbdr --help</c> and docs/runbooks/hyperbdr.md list them, and scripts rely on them.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Usage = 1;
    public const int NotAllowed = 2;
    public const int Unreachable = 3;
    public const int Refused = 4;
    public const int Partly = 5;
    public const int TaskFailed = 6;
    public const int NotReady = 7;
    public const int Internal = 70;
    public const int Interrupted = 130;
}

/// <summary>A refusal in one line: what is wrong, and what to do.</summary>
internal sealed class CommandFailedException(int exitCode, string code, string message) : Exception(message)
{
    public int ExitCode => exitCode;

    /// <summary>Stable, for scripts.</summary>
    public string Code => code;
}
