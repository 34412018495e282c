namespace HyperBdr.Hbdr;

/// <summary>Where a command reads and writes beside disks and stores.</summary>
/// <param name="Out">Results.</param>
/// <param name="Error">Progress, notes and failures.</param>
/// <param name="IsTerminal">True when somebody watches <paramref name="Error"/>: a bar is drawn only then.</param>
/// <param name="Time">Clock of waits and measurements.</param>
/// <param name="Environment">A variable's value; null when it is not set or empty.</param>
internal sealed record Io(TextWriter Out, TextWriter Error, bool IsTerminal, TimeProvider Time, Func<string, string?> Environment)
{
    public static Io Process() => new(Console.Out, Console.Error, !Console.IsErrorRedirected, TimeProvider.System, Variable);

    private static string? Variable(string name) => System.Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
