using System.Diagnostics;
using System.Runtime.CompilerServices;
using Shouldly;

namespace HyperBdr.LinuxAgent.Tests;

/// <summary>What a program said and how it ended.</summary>
internal sealed record Ran(int ExitCode, string Output, string Error);

/// <summary>Runs real programs: those of the package that the console offers, and those of the system.</summary>
internal static class Tool
{
    private static readonly Lazy<string> Built = new(() => Environment.GetEnvironmentVariable("HYPERBDR_AGENT_PACKAGE") is { Length: > 0 } given ? given : Run(Path.Combine(Root(), "scripts", "agent-package.sh")).Trim());

    /// <summary>The folder with egisplus-agent.tar.gz and install.sh, as scripts/agent-package.sh makes it, or one that HYPERBDR_AGENT_PACKAGE names.</summary>
    public static string Package => Built.Value;

    public static string Run(string program, params string[] arguments)
    {
        var ran = Try(program, arguments);
        ran.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}: {ran.Output}{ran.Error}");
        return ran.Output;
    }

    public static Ran Try(string program, params string[] arguments) => Try(program, arguments, []);

    public static Ran Try(string program, string[] arguments, Dictionary<string, string> environment)
    {
        var info = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) info.Environment[name] = value;
        using var process = Process.Start(info)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Ran(process.ExitCode, output, error.Result);
    }

    public static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
