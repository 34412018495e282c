using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace HyperBdr.Fixtures.Suite;

/// <summary>The whole suite as a user starts it: <c>./run --detach</c> with a home and ports of its own, stopped at the end.</summary>
public sealed partial class RunningSuite : IAsyncLifetime
{
    private const int ConsoleUsual = 10443;
    private const int PortalUsual = 30443;
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(10);

    /// <summary>Moves all ports, so that suites of several test projects and one that runs for real do not meet.</summary>
    private readonly int offset = 2000 + (Environment.ProcessId % 20 * 20);

    public string Root { get; } = RepositoryRoot();

    public string Home { get; } = Path.Combine(Path.GetTempPath(), $"hyperbdr-suite-{Environment.ProcessId}");

    public Uri Console => new($"https://localhost:{ConsoleUsual + offset}");

    public Uri Portal => new($"https://localhost:{PortalUsual + offset}");

    public int PortOf(int usual) => usual + offset;

    /// <summary>The signed-in platform administrator.</summary>
    public Person Administrator { get; private set; } = null!;

    public X509Certificate2 Authority => X509CertificateLoader.LoadCertificateFromFile(Path.Combine(Home, "certs", "ca.crt"));

    public async ValueTask InitializeAsync()
    {
        var output = await RunAsync("run", ["--detach"]);
        var password = PasswordPattern().Match(output);
        if (!password.Success) throw new InvalidOperationException($"The first start printed no administrator password:\n{output}");
        Administrator = await Person.FirstSignInAsync(this, "portal", "admin", password.Groups["password"].Value);
    }

    public async ValueTask DisposeAsync()
    {
        Administrator?.Dispose();
        await RunAsync("run", ["--stop"]);
        if (Environment.GetEnvironmentVariable("HYPERBDR_KEEP_TEST_HOME") is null) Directory.Delete(Home, recursive: true);
    }

    /// <summary>Runs a command of the repository's root against this suite; its output, or an exception with it.</summary>
    public async Task<string> RunAsync(string command, string[] arguments, bool mayFail = false)
    {
        var start = new ProcessStartInfo(Path.Combine(Root, command), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = Root };
        start.Environment["HYPERBDR_HOME"] = Home;
        start.Environment["PORTS__OFFSET"] = offset.ToString(CultureInfo.InvariantCulture);
        // The tests call faster than people do.
        foreach (var kind in new[] { "Calls", "SignIn", "Anonymous", "Files", "Enrol" })
        {
            start.Environment[$"Gateway__Limits__{kind}PerSecond"] = "2000";
            start.Environment[$"Gateway__Limits__{kind}Burst"] = "4000";
        }

        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(StartLimit);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        var all = await output + await errors;
        return process.ExitCode == 0 || mayFail ? all : throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{all}");
    }

    /// <summary>State of every process, from <c>hmctl status --json</c>; null when nothing answers.</summary>
    public async Task<JsonDocument?> StatusAsync()
    {
        var text = await RunAsync("hmctl", ["status", "--json"], mayFail: true);
        var begin = text.IndexOf('{', StringComparison.Ordinal);
        return begin < 0 ? null : JsonDocument.Parse(text[begin..(text.LastIndexOf('}') + 1)]);
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "HyperBdr.sln"))) folder = folder.Parent ?? throw new DirectoryNotFoundException("HyperBdr.sln");
        return folder.FullName;
    }

    [GeneratedRegex(@"[Pp]assword:?\s+(?<password>\S+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PasswordPattern();
}
