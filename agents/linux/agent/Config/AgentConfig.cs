using System.Globalization;
using System.Net;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Sync;
using HyperBdr.LinuxAgent.Layout;

namespace HyperBdr.LinuxAgent.Config;

/// <summary>What config.ini says, every value checked; keys that the console has set stand in front of the file's.</summary>
internal sealed class AgentConfig
{
    private const long MiB = 1 << 20;
    private readonly Dictionary<string, string> values;
    private readonly AgentPaths paths;

    private AgentConfig(Dictionary<string, string> values, AgentPaths paths) => (this.values, this.paths) = (values, paths);

    public IPEndPoint ServerAddress => IPEndPoint.Parse(values["ServerAddress"]);

    public string? ServerCertFile => PathOrNull("ServerCertFile");

    public string? ServerKeyFile => PathOrNull("ServerKeyFile");

    public TimeSpan ReadTimeout => Seconds("ReadTimeout");

    public TimeSpan WriteTimeout => Seconds("WriteTimeout");

    public TimeSpan StopTimeout => Seconds("StopTimeout");

    public int MaxHeaderBytes => Number("MaxHeaderBytes");

    public string DatabaseFile => paths.In(values["DatabaseFile"]);

    public string DatabaseLog => paths.In(values["DBLogFile"]);

    public string IndexPath => paths.In(values["IndexPath"]);

    public string ClientCertFile => paths.In(values["ClientCertFile"]);

    public string ClientKeyFile => paths.In(values["ClientKeyFile"]);

    public TimeSpan UploadTimeout => Seconds("ClientUploadURL");

    public string LogPath => paths.In(values["LogPath"]);

    public string LogFileName => values["LogFileName"];

    public string LogLevel => values["LogLevel"];

    public long LogFileMaxBytes => Number("LogFileMaxSize") * MiB;

    public int LogFileMaxBackups => Number("LogFileMaxBackups");

    public TimeSpan LogMaxAge => TimeSpan.FromDays(Number("LogMaxAge"));

    public bool LogCompress => IsTrue("LogCompress");

    public bool LogStdout => IsTrue("LogStdout");

    /// <summary>
    /// Null when nothing is tried again. The pauses grow to RetryInterval, after which RetryCount more tries follow: a store that is away for a
    /// moment costs no half minute, and one that is away for minutes no sync.
    /// </summary>
    public RetryPolicy? Retry
    {
        get
        {
            if (!IsTrue("EnableRetry")) return null;
            var (interval, first) = (Seconds("RetryInterval"), TimeSpan.FromMilliseconds(500));
            var growing = (int)Math.Ceiling(Math.Log2(interval / first));
            return new RetryPolicy(Math.Min(100, 1 + growing + Number("RetryCount")), first, interval);
        }
    }

    public SyncOptions SyncOptions(double cpuShare) => new()
    {
        Compression = values["Compress"].ToLowerInvariant() switch { "zstd" => Compression.Zstd, "lz4" => Compression.Lz4, _ => Compression.None },
        Workers = Number("WorkersPerBlock"),
        Uploads = Number("ConcurrentThreads"),
        PackBytes = checked((int)(Number("SyncBufferSize") * MiB)),
        CpuShare = cpuShare,
    };

    /// <summary>Checks what a file (or the console) gives and takes defaults for the rest.</summary>
    /// <param name="file">For messages.</param>
    /// <param name="given">Section, key and value; later ones stand in front of earlier ones.</param>
    /// <param name="paths">Below which the paths lie.</param>
    /// <param name="lineOf">Number of the line of a section's key, for messages; 0 for one that is not in the file.</param>
    /// <param name="warn">Told of what does not act.</param>
    /// <exception cref="ConfigException">A value outside of its range.</exception>
    public static AgentConfig Create(string file, IEnumerable<(string Section, string Key, string Value)> given, AgentPaths paths, Func<string, string, int> lineOf, Action<string> warn)
    {
        var chosen = ConfigKeys.All.ToDictionary(k => k.Name, k => k.Default, StringComparer.OrdinalIgnoreCase);
        foreach (var (section, name, value) in given)
        {
            if (ConfigKeys.Find(section, name) is not { } key)
            {
                warn($"{file}: [{section}] {name} is unknown and does nothing; it is kept");
                continue;
            }

            var plain = value is "\"\"" ? "" : value;
            if (key.Wrong(plain) is { } range) throw new ConfigException($"{Place(key.Section, key.Name)}: [{key.Section}] {key.Name} = {Shown(key, value)} is refused; allowed: {range}");
            chosen[key.Name] = plain;
        }

        var config = new AgentConfig(chosen, paths);
        config.CheckTogether(Place);
        return config;

        string Place(string section, string key) => lineOf(section, key) is > 0 and var line ? $"{file} line {line}" : file;
    }

    private static string Shown(ConfigKey key, string value) => key.Name.EndsWith("Key", StringComparison.Ordinal) && key.Section == "S3" ? "***" : value;

    private void CheckTogether(Func<string, string, string> place)
    {
        if (values["ServerCertFile"].Length == 0 != (values["ServerKeyFile"].Length == 0)) throw new ConfigException($"{place("DEFAULT", "ServerCertFile")}: [DEFAULT] ServerCertFile and ServerKeyFile go together: give both or none");
        var needed = Number("WorkersPerBlock") + Number("ConcurrentThreads") + 1;
        if (Number("BuffersPerBlock") < needed) throw new ConfigException($"{place("SYNC", "BuffersPerBlock")}: [SYNC] BuffersPerBlock = {Number("BuffersPerBlock")} is refused; allowed: {needed} to 97, one for each of WorkersPerBlock and ConcurrentThreads and one more");
    }

    private int Number(string name) => int.Parse(values[name], CultureInfo.InvariantCulture);

    private TimeSpan Seconds(string name) => TimeSpan.FromSeconds(Number(name));

    private bool IsTrue(string name) => string.Equals(values[name], "true", StringComparison.OrdinalIgnoreCase);

    private string? PathOrNull(string name) => values[name] is { Length: > 0 } path ? paths.In(path) : null;
}
