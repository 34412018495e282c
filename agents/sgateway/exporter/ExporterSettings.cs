using HyperBdr.Agents.Settings;

namespace HyperBdr.Exporter;

/// <summary>Keys of <c>config.ini</c>.</summary>
internal static class ExporterSettings
{
    private const string Section = "DEFAULT";

    public static readonly Setting<string> ServerAddress = Settings.Url(Section, "ServerAddress", "", required: false, "https");
    public static readonly Setting<string> ServiceType = Settings.Choice(Section, "ServiceType", "s3block", "hamal", "linux_agent", "windows_agent", "s3block");
    public static readonly Setting<string> ExporterId = Settings.Text(Section, "ExporterId");
    public static readonly Setting<long> Interval = Settings.Number(Section, "Interval", 30, 10, 300, "s");
    public static readonly Setting<long> Timeout = Settings.Number(Section, "Timeout", 10, 1, 60, "s");
    public static readonly Setting<long> BufferMinutes = Settings.Number(Section, "BufferMinutes", 60, 0, 1440, "min");
    public static readonly Setting<string> LogLevel = Settings.Choice(Section, "LogLevel", "info", "debug", "info", "warn", "error");
    public static readonly Setting<long> LogFileMaxSize = Settings.Number(Section, "LogFileMaxSize", 64, 1, 1024, "MB");
    public static readonly Setting<long> LogFileMaxBackups = Settings.Number(Section, "LogFileMaxBackups", 10, 1, 100, "files");

    // What is read, not pushed: who may read it is the firewall's to say, so it begins on loopback.
    public static readonly Setting<string> Listen = Settings.HostPort(Section, "Listen", "127.0.0.1:16100");
    public static readonly Setting<string> S3BlockMetrics = Settings.Url(Section, "S3BlockMetrics", "http://127.0.0.1:13261/metrics", required: false, "http");
    public static readonly Setting<string> LogPath = Settings.FullPath(Section, "LogPath", "/var/log/hyper_exporter");

    public static readonly IReadOnlyList<Setting> All =
        [ServerAddress, ServiceType, ExporterId, Interval, Timeout, BufferMinutes, LogLevel, LogFileMaxSize, LogFileMaxBackups, Listen, S3BlockMetrics, LogPath];
}
