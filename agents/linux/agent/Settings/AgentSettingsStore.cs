using Google.Protobuf;
using HyperBdr.Agents.Settings;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Engine.IO;
using HyperBdr.LinuxAgent.Config;
using HyperBdr.LinuxAgent.Layout;

namespace HyperBdr.LinuxAgent.Settings;

/// <summary>config.ini, and what the console has decided, which stands in front of it. Thread-safe; a change holds from the next sync on.</summary>
internal sealed class AgentSettingsStore
{
    private const int MaxBytes = 1 << 20;

    /// <summary>What the console may decide; the rest is the local administrator's.</summary>
    private static readonly string[] Remote =
    [
        "Compress", "WorkersPerBlock", "BuffersPerBlock", "ConcurrentThreads", "SyncBufferSize", "EnableRetry", "RetryCount", "RetryInterval", "ClientUploadURL", "ClientTimeout", "LogLevel",
    ];

    private readonly AgentPaths paths;
    private readonly Action<string> warn;
    private readonly Lock gate = new();
    private volatile State state;

    private AgentSettingsStore(AgentPaths paths, Action<string> warn, State state) => (this.paths, this.warn, this.state) = (paths, warn, state);

    private sealed record State(AgentConfig Config, AgentSettings Console);

    public AgentConfig Config => state.Config;

    /// <summary>1 to 100.</summary>
    public int CpuPercent => state.Console.CpuPercent is >= 1 and <= 100 ? state.Console.CpuPercent : 100;

    public IEnumerable<string> ExcludedDiskIds => state.Console.ExcludedDiskIds;

    /// <summary>Reads config.ini and the last settings of the console.</summary>
    /// <exception cref="ConfigException">A value that the agent does not start with.</exception>
    public static AgentSettingsStore Open(AgentPaths paths, Action<string> warn)
    {
        var console = Kept(paths, warn);
        try
        {
            return new AgentSettingsStore(paths, warn, new State(Read(paths, console, warn), console));
        }
        catch (ConfigException) when (console.Values.Count > 0)
        {
            // Values of the console were checked against another config.ini; the file's own must hold by themselves.
            var config = Read(paths, new AgentSettings(), warn);
            warn("the console's settings do not go with config.ini as it is now and do not act until it sends them again");
            return new AgentSettingsStore(paths, warn, new State(config, new AgentSettings()));
        }
    }

    /// <summary>config.ini alone, for the command line.</summary>
    /// <exception cref="ConfigException">A value that the agent does not start with.</exception>
    public static AgentConfig ReadFile(AgentPaths paths) => Read(paths, new AgentSettings(), _ => { });

    /// <summary>Takes over the console's settings and keeps them for the next start.</summary>
    /// <exception cref="SettingsException">A value is not allowed; nothing changed.</exception>
    public void Apply(AgentSettings settings)
    {
        lock (gate)
        {
            if (settings.Revision <= state.Console.Revision) return;
            if (settings.Values.Keys.FirstOrDefault(k => !Remote.Contains(k, StringComparer.OrdinalIgnoreCase)) is { } own) throw new SettingsException($"'{own}' cannot be set by the console; it stands in {paths.Config} of this machine.");
            if (settings.CpuPercent is < 0 or > 100) throw new SettingsException($"CPU share {settings.CpuPercent} is refused; allowed: 1 to 100.");
            try
            {
                var config = Read(paths, settings, warn);
                DurableFiles.Write(paths.Settings, settings.ToByteArray());
                state = new State(config, settings);
            }
            catch (ConfigException e)
            {
                throw new SettingsException(e.Message, e);
            }
        }
    }

    private static AgentConfig Read(AgentPaths paths, AgentSettings console, Action<string> warn)
    {
        var bytes = DurableFiles.Read(paths.Config, MaxBytes) ?? [];
        var file = IniDocument.Parse(System.Text.Encoding.UTF8.GetString(bytes));
        foreach (var line in file.Strange) warn($"{paths.Config}: line {line} is no section, key or comment; it is kept and does nothing");
        var set = console.Values.Select(v => (ConfigKeys.All.FirstOrDefault(k => string.Equals(k.Name, v.Key, StringComparison.OrdinalIgnoreCase))?.Section ?? "", v.Key, v.Value));
        return AgentConfig.Create(paths.Config, file.Entries.Concat(set), paths, LineOf, warn);

        // A value of the console stands in no line.
        int LineOf(string section, string key) => console.Values.Keys.Contains(key, StringComparer.OrdinalIgnoreCase) ? 0 : file.LineOf(section, key);
    }

    private static AgentSettings Kept(AgentPaths paths, Action<string> warn)
    {
        try
        {
            return DurableFiles.Read(paths.Settings, MaxBytes) is { } bytes ? AgentSettings.Parser.ParseFrom(bytes) : new AgentSettings();
        }
        catch (InvalidProtocolBufferException)
        {
            warn($"{paths.Settings} cannot be read; the console sends its settings again at the next connection");
            return new AgentSettings();
        }
    }
}
