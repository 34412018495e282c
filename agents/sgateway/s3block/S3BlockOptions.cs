using System.Globalization;
using System.Net;
using HyperBdr.Agents.Settings;
using HyperBdr.S3Block.Keys;

namespace HyperBdr.S3Block;

/// <summary>What one endpoint is, from the pairs of section <c>system</c> of <c>s3block_config.ini</c>; wrong values stop the start.</summary>
internal sealed record S3BlockOptions
{
    public const int DefaultPort = 13260;

    /// <summary>Data folder (<c>filedir</c>).</summary>
    public required string DataFolder { get; init; }

    /// <summary>The index, a cache (<c>s3block.db</c>).</summary>
    public required string IndexFile { get; init; }

    /// <summary>One file per key.</summary>
    public required string KeyFolder { get; init; }

    /// <summary>Seals the secrets of keys at rest.</summary>
    public required InstallKey InstallKey { get; init; }

    /// <summary>The key of the configuration itself; null without.</summary>
    public OwnerKey? Key { get; init; }

    /// <summary>PEM of certificate and key; null for plain http, which only loopback may have.</summary>
    public string? Certificate { get; init; }

    public string? CertificateKey { get; init; }

    public required IPEndPoint Listen { get; init; }

    /// <summary>Loopback only.</summary>
    public required IPEndPoint Monitor { get; init; }

    /// <summary>Suffix of virtual-hosted names; null for path style only.</summary>
    public string? Domain { get; init; }

    public string Region { get; init; } = "us-east-1";

    /// <summary>New objects are refused when less would stay free.</summary>
    public long MinFreeBytes { get; init; } = 1L << 30;

    /// <summary>0 DEBUG, 1 INFO, 2 WARN, 3 ERROR.</summary>
    public int LogLevel { get; init; } = 1;

    /// <param name="pairs">Names without regard to case; those that concern other programs are ignored.</param>
    /// <param name="home">Folder that relative paths begin at.</param>
    /// <param name="installKey">Opens the secrets among the pairs.</param>
    /// <exception cref="OptionException"/>
    public static S3BlockOptions From(IReadOnlyDictionary<string, string> pairs, string home, InstallKey installKey)
    {
        var listen = EndPoint(pairs, "listen", new IPEndPoint(IPAddress.Any, DefaultPort));
        var certificate = Text(pairs, "tls_certificate");
        var plain = Text(pairs, "plain_http") is "true" or "1";
        if (!plain && certificate is null) certificate = Path.Combine("certs", "server.crt");
        if (plain && !IPAddress.IsLoopback(listen.Address)) throw new OptionException("plain_http", "is for loopback addresses only; give tls_certificate and tls_key");
        var monitor = EndPoint(pairs, "monitor", new IPEndPoint(IPAddress.Loopback, DefaultPort + 1));
        if (!IPAddress.IsLoopback(monitor.Address)) throw new OptionException("monitor", "must be a loopback address");
        return new S3BlockOptions
        {
            DataFolder = Path.GetFullPath(Text(pairs, "filedir") ?? "diskdir", home),
            IndexFile = Path.Combine(home, "s3block.db"),
            KeyFolder = KeyFolderOf(home),
            InstallKey = installKey,
            Key = KeyOf(pairs, installKey),
            Certificate = plain ? null : Path.GetFullPath(certificate!, home),
            CertificateKey = plain ? null : Path.GetFullPath(Text(pairs, "tls_key") ?? Path.ChangeExtension(certificate!, ".key"), home),
            Listen = listen,
            Monitor = monitor,
            Domain = Text(pairs, "domain")?.TrimStart('.'),
            Region = Text(pairs, "region") ?? "us-east-1",
            MinFreeBytes = Number(pairs, "min_free_mb", 1024, 0, 1 << 30) << 20,
            LogLevel = (int)Number(pairs, "log_level", 1, 0, 3),
        };
    }

    public static string KeyFolderOf(string home) => Path.Combine(home, "config", "keys");

    public static string InstallKeyOf(string home) => Path.Combine(home, "certs", "install.key");

    private static OwnerKey? KeyOf(IReadOnlyDictionary<string, string> pairs, InstallKey installKey)
    {
        var (name, secret) = (Text(pairs, "accessKey"), Text(pairs, "secretAccessKey"));
        if (name is null && secret is null) return null;
        if (name is null || secret is null || !KeyRegistry.IsName(name)) throw new OptionException("accessKey", "needs 3 to 128 letters, digits, '-' or '_', and secretAccessKey beside it");
        if (SealedSecret.Opened(installKey, secret) is not { } opened) throw new OptionException("secretAccessKey", "is sealed by another installation or damaged: write the secret itself, it is sealed at the next start");
        return new OwnerKey { AccessKey = name, Secret = opened, Buckets = ["*"], Comment = "configuration" };
    }

    private static string? Text(IReadOnlyDictionary<string, string> pairs, string name) =>
        pairs.FirstOrDefault(p => p.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value is { Length: > 0 } value ? value : null;

    private static long Number(IReadOnlyDictionary<string, string> pairs, string name, long otherwise, long min, long max)
    {
        if (Text(pairs, name) is not { } text) return otherwise;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value : throw new OptionException(name, $"must be a whole number from {min} to {max}, not '{text}'");
    }

    private static IPEndPoint EndPoint(IReadOnlyDictionary<string, string> pairs, string name, IPEndPoint otherwise)
    {
        if (Text(pairs, name) is not { } text) return otherwise;
        return IPEndPoint.TryParse(text, out var value) ? value : throw new OptionException(name, $"must be address:port, not '{text}'");
    }
}

/// <summary>A setting that cannot be used; nothing was started.</summary>
internal sealed class OptionException(string name, string what) : Exception($"{name} {what}.");

/// <summary>The pairs of one section of an INI file; a semicolon or a hash at its begin makes a line a comment.</summary>
internal static class IniPairs
{
    public static IReadOnlyDictionary<string, string> Read(string path, string section)
    {
        var pairs = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (!File.Exists(path)) return pairs;
        var inside = false;
        foreach (var line in File.ReadLines(path).Select(l => l.Trim()))
        {
            if (line.Length == 0 || line[0] is ';' or '#') continue;
            if (line[0] == '[') inside = line.Equals($"[{section}]", StringComparison.OrdinalIgnoreCase);
            else if (inside && line.Split('=', 2, StringSplitOptions.TrimEntries) is [var name, var value]) pairs[name] = value;
            else if (inside) throw new OptionException(path, $"has a line that is no 'name = value': {line}");
        }

        return pairs;
    }
}
