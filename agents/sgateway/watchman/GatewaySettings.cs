using HyperBdr.Agents.Settings;

namespace HyperBdr.Watchman;

/// <summary>Section <c>system</c> of <c>s3block_config.ini</c>: the keys of both programs of the gateway.</summary>
internal static class GatewaySettings
{
    private const string Section = "system";

    public static readonly Setting<string> GatewayUuid = Settings.Text(Section, "gateway_uuid");
    public static readonly Setting<string> WebsocketServer = Settings.Url(Section, "websocket_server", "", required: false, "wss");
    public static readonly Setting<string> FileDir = Settings.Text(Section, "filedir", "diskdir");
    public static readonly Setting<long> LogLevel = Settings.Number(Section, "log_level", 1, 0, 3, "0 DEBUG, 1 INFO, 2 WARN, 3 ERROR");
    public static readonly Setting<bool> MultiServer = Settings.Bool(Section, "multi_srv", true);
    public static readonly Setting<string> PublicIp = Settings.Text(Section, "public_ip", maxLength: 253);
    public static readonly Setting<string> LocalDiskSaved = Settings.Text(Section, "localdisksaved");
    public static readonly Setting<string> Endpoint = Settings.Url(Section, "endpoint", "", required: false, "https", "http");
    public static readonly Setting<bool> BucketCreated = Settings.Bool(Section, "bucketcreated", false);

    // s3block's own; it opens and seals with the same install key.
    public static readonly Setting<string> AccessKey = Settings.Text(Section, "accessKey");
    public static readonly Setting<string> SecretAccessKey = Settings.Secret(Section, "secretAccessKey");

    public static readonly Setting<string> Listen = Settings.HostPort(Section, "listen", "0.0.0.0:13260");
    public static readonly Setting<string> Monitor = Settings.HostPort(Section, "monitor", "127.0.0.1:13261");
    public static readonly Setting<string> Region = Settings.Text(Section, "region", "us-east-1");
    public static readonly Setting<bool> PlainHttp = Settings.Bool(Section, "plain_http", false);
    public static readonly Setting<string> Certificate = Settings.Text(Section, "tls_certificate");
    public static readonly Setting<string> CertificateKey = Settings.Text(Section, "tls_key");
    public static readonly Setting<string> Domain = Settings.Text(Section, "domain");
    public static readonly Setting<long> MinFree = Settings.Number(Section, "min_free_mb", 1024, 0, 1 << 30, "MB");

    public static readonly IReadOnlyList<Setting> All =
    [
        GatewayUuid, WebsocketServer, FileDir, LogLevel, MultiServer, PublicIp, LocalDiskSaved, Endpoint, BucketCreated, AccessKey, SecretAccessKey,
        Listen, Monitor, Region, PlainHttp, Certificate, CertificateKey, Domain, MinFree,
    ];
}
