using System.Diagnostics;
using System.Runtime.CompilerServices;
using Shouldly;

namespace HyperBdr.Hbdr.Tests;

/// <summary>Runs real programs: the published hbdr, and those of the system.</summary>
internal static class Tool
{
    private static readonly Lazy<string> Published = new(Publish);

    /// <summary>The native program, as scripts/hbdr.sh publishes it.</summary>
    public static string Hbdr => Published.Value;

    public static string Run(string program, params string[] arguments)
    {
        using var process = Start(program, arguments, new Dictionary<string, string>());
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}: {output}{error.Result}");
        return output;
    }

    public static Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var info = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        // What the machine has set must not open a repository by chance.
        foreach (var name in info.Environment.Keys.Where(k => k.StartsWith("HBDR_", StringComparison.Ordinal) || k.StartsWith("AWS_", StringComparison.Ordinal)).ToList()) info.Environment.Remove(name);
        foreach (var (name, value) in environment) info.Environment[name] = value;
        return Process.Start(info)!;
    }

    private static string Publish() => Run(Path.Combine(Root(), "scripts", "hbdr.sh")).Trim();

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
