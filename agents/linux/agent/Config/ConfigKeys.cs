using System.Globalization;
using System.Net;
using Use = HyperBdr.LinuxAgent.Config.KeyUse;

namespace HyperBdr.LinuxAgent.Config;

/// <summary>Every key of config.ini, with its default and range (docs/agent-config.md).</summary>
internal static class ConfigKeys
{
    public static IReadOnlyList<ConfigKey> All { get; } =
    [
        new("INFO", "Version", "", Use.Replaced, Text),
        new("DEFAULT", "ServerAddress", "127.0.0.1:19982", Use.Honoured, Loopback),
        new("DEFAULT", "ServerCertFile", "", Use.Honoured, PathOrNone),
        new("DEFAULT", "ServerKeyFile", "", Use.Honoured, PathOrNone),
        new("DEFAULT", "ReadTimeout", "20", Use.Honoured, Number(1, 3600, "s")),
        new("DEFAULT", "WriteTimeout", "20", Use.Honoured, Number(1, 3600, "s")),
        new("DEFAULT", "StopTimeout", "10", Use.Honoured, Number(0, 600, "s")),
        new("DEFAULT", "MaxHeaderBytes", "1048576", Use.Honoured, Number(4096, 16777216, "bytes")),
        new("DATABASE", "DatabaseFile", "/var/lib/egisplus-agent/agent-sync.db", Use.Honoured, Path),
        new("DATABASE", "DBLogFile", "/var/log/egisplus-agent/db.log", Use.Honoured, Path),
        new("SYNC", "Deduplicate", "true", Use.Fixed, Only("true", "a block that the repository has is never stored again")),
        new("SYNC", "Compress", "zstd", Use.Honoured, OneOf("\"\"", "zstd", "lz4")),
        new("SYNC", "Encrypt", "", Use.Replaced, OneOf("\"\"", "aes256")),
        new("SYNC", "IndexPath", "/var/lib/egisplus-agent/index", Use.Honoured, Path),
        new("SYNC", "DirectIO", "false", Use.Replaced, OneOf("true", "false")),
        new("SYNC", "WorkersPerBlock", "2", Use.Honoured, Number(1, 64, "threads")),
        new("SYNC", "BuffersPerBlock", "8", Use.Honoured, Number(3, 97, "buffers")),
        new("SYNC", "SaveIndexInterval", "30", Use.Replaced, Number(1, 3600, "s")),
        new("SYNC", "SaveBlobInterval", "10", Use.Replaced, Number(1, 3600, "s")),
        new("SYNC", "ConcurrentThreads", "2", Use.Honoured, Number(1, 32, "transfers")),
        new("SYNC", "SyncBufferSize", "8", Use.Honoured, Number(1, 28, "MB")),
        new("SYNC", "EnableRetry", "true", Use.Honoured, OneOf("true", "false")),
        new("SYNC", "RetryCount", "10", Use.Honoured, Number(1, 90, "tries")),
        new("SYNC", "RetryInterval", "30", Use.Honoured, Number(1, 3600, "s")),
        new("SYNC", "CheckDup", "true", Use.Fixed, Only("true", "nothing is sent before the repository's index was asked")),
        new("S3", "AccessKey", "", Use.Fixed, FromConsole("ak")),
        new("S3", "SecretKey", "", Use.Fixed, FromConsole("sk")),
        new("S3", "Region", "", Use.Fixed, FromConsole("region")),
        new("S3", "BucketName", "", Use.Fixed, FromConsole("bucket")),
        new("S3", "StorageClass", "standard", Use.Fixed, FromConsole("standard")),
        new("S3", "URL", "https://", Use.Fixed, FromConsole("https://")),
        new("S3", "UseTLS", "true", Use.Fixed, FromConsole("true")),
        new("CLIENT", "ClientCertFile", "/var/lib/egisplus-agent/client_cert_file", Use.Honoured, Path),
        new("CLIENT", "ClientKeyFile", "/var/lib/egisplus-agent/client_key_file", Use.Honoured, Path),
        new("CLIENT", "ClientUploadURL", "120", Use.Honoured, Number(5, 3600, "s")),
        new("CLIENT", "ClientTimeout", "120", Use.Replaced, Number(5, 3600, "s")),
        new("CLIENT", "SendContentMd5", "true", Use.Replaced, OneOf("true", "false")),
        new("CLIENT", "DisableContentSha256", "true", Use.Fixed, Only("true", "over TLS the connection and a CRC-32C guard the body; over plain HTTP its SHA-256 is always signed")),
        new("LOG", "LogPath", "/var/log/egisplus-agent", Use.Honoured, Path),
        new("LOG", "LogFileName", "agent-syncer.log", Use.Honoured, FileName),
        new("LOG", "LogLevel", "info", Use.Honoured, OneOf("debug", "info", "warn", "error")),
        new("LOG", "LogFileMaxSize", "64", Use.Honoured, Number(1, 1024, "MB")),
        new("LOG", "LogFileMaxBackups", "10", Use.Honoured, Number(1, 100, "files")),
        new("LOG", "LogMaxAge", "28", Use.Honoured, Number(1, 3650, "days")),
        new("LOG", "LogCompress", "true", Use.Honoured, OneOf("true", "false")),
        new("LOG", "LogStdout", "false", Use.Honoured, OneOf("true", "false")),
    ];

    public static ConfigKey? Find(string section, string name) =>
        All.FirstOrDefault(k => string.Equals(k.Section, section, StringComparison.OrdinalIgnoreCase) && string.Equals(k.Name, name, StringComparison.OrdinalIgnoreCase));

    private static string? Text(string value) => value.Length <= 200 ? null : "at most 200 characters";

    private static string? Path(string value) => value.StartsWith('/') && value.Length <= 4096 && !value.Split('/').Contains("..") ? null : "an absolute path";

    private static string? PathOrNone(string value) => value.Length == 0 ? null : Path(value);

    private static string? FileName(string value) => value.Length is > 0 and <= 200 && !value.Contains('/', StringComparison.Ordinal) && value[0] != '.' ? null : "a file name without a folder";

    // Whoever reaches the port commands the agent: it is this machine's own.
    private static string? Loopback(string value) =>
        IPEndPoint.TryParse(value, out var address) && IPAddress.IsLoopback(address.Address) && address.Port > 0 ? null : "a loopback address with a port, e.g. 127.0.0.1:19982";

    private static Func<string, string?> Number(int least, int most, string unit) => value =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? null : $"{least} to {most} {unit}";

    private static Func<string, string?> OneOf(params string[] values) => value =>
        values.Contains(value.Length == 0 ? "\"\"" : value, StringComparer.OrdinalIgnoreCase) ? null : string.Join(", ", values);

    private static Func<string, string?> Only(string only, string why) => value => string.Equals(value, only, StringComparison.OrdinalIgnoreCase) ? null : $"only {only}: {why}";

    private static Func<string, string?> FromConsole(string shipped) => value =>
        value.Length == 0 || string.Equals(value, shipped, StringComparison.OrdinalIgnoreCase) ? null : "empty: the console gives access to storage with each sync, and a value here would act on nothing";
}
