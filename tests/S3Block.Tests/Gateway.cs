using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Amazon.Runtime;
using Amazon.S3;
using HyperBdr.S3Block.Keys;

namespace HyperBdr.S3Block.Tests;

/// <summary>The real program on a folder of its own.</summary>
public sealed partial class Gateway : IAsyncDisposable
{
    public const string Owner = "OWNER01";
    public const string Secret = "s3cr3t/with+odd=signs";

    private Process? process;

    private Gateway(string home) => Home = home;

    public string Home { get; }

    public Uri Endpoint { get; private set; } = null!;

    public Uri Monitor { get; private set; } = null!;

    public List<string> Said { get; } = [];

    public int ProcessId => process!.Id;

    public bool HasExited => process!.HasExited;

    internal KeyRegistry Keys => new(S3BlockOptions.KeyFolderOf(Home), null, Agents.Settings.InstallKey.Open(S3BlockOptions.InstallKeyOf(Home)));

    /// <summary>Where its own build put it, beside its native libraries.</summary>
    public static string Program { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "../../../../../agents/sgateway/s3block/bin", Path.GetRelativePath(Path.Combine(AppContext.BaseDirectory, "../.."), AppContext.BaseDirectory), "linux-x64/s3block.dll"));

    /// <param name="settings">Lines of the configuration beside those of every test.</param>
    public static async Task<Gateway> StartAsync(params string[] settings)
    {
        var gateway = Prepare(settings);
        await gateway.BeginAsync();
        return gateway;
    }

    /// <param name="settings">Lines of the configuration beside those of every test.</param>
    private static Gateway Prepare(string[] settings)
    {
        var home = Directory.CreateTempSubdirectory("s3block-").FullName;
        Directory.CreateDirectory(Path.Combine(home, "config"));
        string[] plain = settings.Any(s => s.StartsWith("tls_", StringComparison.Ordinal)) ? [] : ["plain_http = true"];
        File.WriteAllLines(Path.Combine(home, "config", "s3block_config.ini"), ["[system]", "listen = 127.0.0.1:0", "monitor = 127.0.0.1:0", "min_free_mb = 1", $"accessKey = {Owner}", $"secretAccessKey = {Secret}", .. plain, .. settings]);
        if (plain.Length == 0) WriteCertificate(Path.Combine(home, "certs"));
        return new Gateway(home);
    }

    /// <summary>Starts, or starts again, and returns when it listens.</summary>
    public async Task BeginAsync()
    {
        string[] command = ["dotnet", Program, "serve", "--home", Home];
        var start = new ProcessStartInfo(command[0]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in command[1..]) start.ArgumentList.Add(argument);
        process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        Said.Clear();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            Said.Add(line);
            if (ListeningPattern().Match(line) is not { Success: true } match) continue;
            Endpoint = new Uri($"{match.Groups["scheme"].Value}://127.0.0.1:{match.Groups["port"].Value}");
            Monitor = new Uri($"http://127.0.0.1:{match.Groups["monitor"].Value}");
            _ = process.StandardOutput.ReadToEndAsync();
            return;
        }

        throw new InvalidOperationException($"It ended: {string.Join('\n', Said)}\n{await errors}");
    }

    public AmazonS3Client Client(string? accessKey = null, string? secret = null, string? token = null) => new(
        token is null ? new BasicAWSCredentials(accessKey ?? Owner, secret ?? Secret) : new SessionAWSCredentials(accessKey, secret, token),
        new AmazonS3Config { ServiceURL = Endpoint.AbsoluteUri, ForcePathStyle = true, AuthenticationRegion = "us-east-1", MaxErrorRetry = 0, HttpClientFactory = new TrustingFactory() });

    /// <summary>As kill -9 does, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    public Task ExitedAsync() => process!.WaitForExitAsync();

    public async Task StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { HasExited: false }) await KillAsync();
        process?.Dispose();
        Directory.Delete(Home, recursive: true);
    }

    private static void WriteCertificate(string folder)
    {
        Directory.CreateDirectory(folder);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(Path.Combine(folder, "server.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
    }

    [GeneratedRegex(@"^listening on (?<scheme>https?)://[^:]+:(?<port>\d+) monitor [^:]+:(?<monitor>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ListeningPattern();

    private sealed class TrustingFactory : HttpClientFactory
    {
        // A certificate made for this run alone.
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) =>
#pragma warning disable MA0039, CA5359
            new(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
#pragma warning restore MA0039, CA5359
    }
}
