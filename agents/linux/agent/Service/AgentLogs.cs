using HyperBdr.Agents.Logs;
using HyperBdr.LinuxAgent.Config;
using Microsoft.Extensions.Logging;

namespace HyperBdr.LinuxAgent.Service;

/// <summary>The agent's log files: its own, that of syncs, that of the local database, and that of what it died of.</summary>
internal sealed class AgentLogs : IDisposable
{
    public const string MainFile = "linux_agent.log";
    private const string Service = "egisplus-agent";
    private readonly List<(FileLogging Provider, ILoggerFactory Factory)> files = [];
    private readonly LogFile panic;
    private readonly TimeProvider time;
    private readonly AgentConfig config;

    public AgentLogs(AgentConfig config, TimeProvider time)
    {
        (this.config, this.time) = (config, time);
        Main = Open(config.LogPath, MainFile, config.LogStdout);
        Syncs = Open(config.LogPath, config.LogFileName, config.LogStdout).CreateLogger("sync");
        Database = Open(Path.GetDirectoryName(config.DatabaseLog)!, Path.GetFileName(config.DatabaseLog), stdout: false).CreateLogger("database");
        panic = new LogFile(OptionsOf(config.LogPath, "agent-syncer-panic.log", stdout: true), time);
        AppDomain.CurrentDomain.UnhandledException += (_, e) => panic.Write($"{time.GetLocalNow():yyyy-MM-dd'T'HH:mm:ss.fffzzz} ERROR {Service} {e.ExceptionObject}".ReplaceLineEndings("\\n"));
    }

    public ILoggerFactory Main { get; }

    public ILogger Syncs { get; }

    public ILogger Database { get; }

    public void SetLevel(string level)
    {
        foreach (var (provider, _) in files) provider.Level = LevelOf(level);
    }

    public void Dispose()
    {
        foreach (var (provider, factory) in files)
        {
            factory.Dispose();
            provider.Dispose();
        }

        panic.Dispose();
    }

    private ILoggerFactory Open(string folder, string name, bool stdout)
    {
        var provider = new FileLogging(OptionsOf(folder, name, stdout), Service, time);
        var factory = FileLogging.Factory(provider);
        files.Add((provider, factory));
        return factory;
    }

    private LogFileOptions OptionsOf(string folder, string name, bool stdout) => new(folder, name.EndsWith(".log", StringComparison.Ordinal) ? name[..^4] : name)
    {
        MaxBytes = config.LogFileMaxBytes,
        MaxFiles = config.LogFileMaxBackups,
        MaxAgeDays = (int)config.LogMaxAge.TotalDays,
        Compress = config.LogCompress,
        Stdout = stdout,
        Level = LevelOf(config.LogLevel),
    };

    private static LogLevel LevelOf(string level) => level.ToLowerInvariant() switch { "debug" => LogLevel.Debug, "warn" => LogLevel.Warning, "error" => LogLevel.Error, _ => LogLevel.Information };
}
