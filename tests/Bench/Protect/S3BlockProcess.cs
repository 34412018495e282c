using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using HyperBdr.Agents.Tests;

namespace HyperBdr.Bench.Protect;

/// <summary>The native s3block over TLS, on a folder of its own.</summary>
internal sealed partial class S3BlockProcess : IDisposable
{
    public const string AccessKey = "bench-owner";
    public const string SecretKey = "bench-secret-of-one-run";

    private readonly Process process;

    private S3BlockProcess(Process process, string home, Uri endpoint, Uri monitor) => (this.process, Home, Endpoint, Monitor) = (process, home, endpoint, monitor);

    public string Home { get; }

    public Uri Endpoint { get; }

    public int ProcessId => process.Id;

    private Uri Monitor { get; }

    public static async Task<S3BlockProcess> StartAsync(string root, string home, TestAuthority authority)
    {
        Directory.CreateDirectory(Path.Combine(home, "config"));
        Directory.CreateDirectory(Path.Combine(home, "certs"));
        using (var certificate = authority.Server("127.0.0.1", "localhost"))
        {
            await File.WriteAllTextAsync(Path.Combine(home, "certs", "server.crt"), certificate.ExportCertificatePem());
            await File.WriteAllTextAsync(Path.Combine(home, "certs", "server.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        }

        await File.WriteAllLinesAsync(Path.Combine(home, "config", "s3block_config.ini"), ["[system]", "listen = 127.0.0.1:0", "monitor = 127.0.0.1:0", $"accessKey = {AccessKey}", $"secretAccessKey = {SecretKey}"]);
        var started = Process.Start(new ProcessStartInfo(Path.Combine(root, ".build/gateway/s3block/s3block"), ["serve", "--home", home]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        while (await started.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Listening().Match(line) is not { Success: true } match) continue;
            _ = started.StandardOutput.ReadToEndAsync();
            return new S3BlockProcess(started, home, new Uri($"https://127.0.0.1:{match.Groups["port"].Value}"), new Uri($"http://127.0.0.1:{match.Groups["monitor"].Value}"));
        }

        throw new InvalidOperationException("s3block ended");
    }

    public double CpuSeconds() => Processes.CpuSeconds(ProcessId);

    /// <summary>Bytes of bodies that it took since its start.</summary>
    public async Task<long> ReceivedAsync()
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri(Monitor, "/metrics"));
        return long.Parse(text.Split('\n').First(l => l.StartsWith("s3block_received_bytes_total ", StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        Processes.Run("kill", ProcessId.ToString(CultureInfo.InvariantCulture));
        process.WaitForExit();
        process.Dispose();
    }

    [GeneratedRegex(@"^listening on https?://[^:]+:(?<port>\d+) monitor [^:]+:(?<monitor>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listening();
}
