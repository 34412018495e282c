using System.Collections.Frozen;
using System.Text;
using HyperBdr.Engine.IO;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Agents.Settings;

/// <summary>A configuration file of known keys. Unknown keys are kept and warned of; a wrong value refuses the start and, while running, leaves the last good one.</summary>
/// <remarks>Secrets are plain in memory and sealed in the file: a plain one is sealed when it is first seen. Mode 0600 in a folder of mode 0700. Thread-safe.</remarks>
public sealed partial class SettingsFile
{
    private readonly IReadOnlyList<Setting> known;
    private readonly InstallKey installKey;
    private readonly ILogger log;
    private readonly Lock gate = new();
    private FrozenDictionary<Setting, object> values;
    private HashSet<string> warned = [];

    private SettingsFile(string path, IReadOnlyList<Setting> known, InstallKey installKey, ILogger log)
    {
        (Path, this.known, this.installKey, this.log) = (path, known, installKey, log);
        values = known.ToFrozenDictionary(k => k, k => k.DefaultValue);
    }

    public string Path { get; }

    /// <summary>Reads the file; one that is not there is as an empty one.</summary>
    /// <exception cref="SettingsException">A value is not allowed or a required one is missing: every such key is named.</exception>
    public static SettingsFile Open(string path, IReadOnlyList<Setting> known, InstallKey installKey, ILogger log)
    {
        var file = new SettingsFile(path, known, installKey, log);
        lock (file.gate)
        {
            var problems = file.Load(atStart: true);
            if (problems.Count > 0) throw new SettingsException(string.Join('\n', problems));
        }

        return file;
    }

    public T Get<T>(Setting<T> setting)
        where T : notnull => (T)values[setting];

    /// <summary>Reads the file again; what is wrong is warned of and keeps its last good value.</summary>
    /// <returns>The keys whose value changed.</returns>
    public IReadOnlyList<Setting> Reload()
    {
        lock (gate)
        {
            var before = values;
            try
            {
                foreach (var problem in Load(atStart: false)) KeptLast(log, problem);
            }
            catch (Exception e) when (e is SettingsException or IOException or UnauthorizedAccessException)
            {
                KeptLast(log, e.Message);
            }

            return [.. known.Where(k => !Equals(before[k], values[k]))];
        }
    }

    /// <summary>Writes a value durably; a secret is sealed.</summary>
    /// <exception cref="SettingsException">The value is not allowed.</exception>
    public void Set<T>(Setting<T> setting, string text)
        where T : notnull
    {
        lock (gate)
        {
            var document = Read();
            var value = setting.Parse(text) ?? throw new SettingsException(Problem(document, setting, text));
            document.Set(setting.Section, setting.Key, setting.IsSecret && text.Length > 0 ? installKey.Seal(setting.Section, setting.Key, text) : text);
            Write(document);
            values = values.Select(v => v.Key == setting ? new KeyValuePair<Setting, object>(v.Key, value) : v).ToFrozenDictionary();
        }
    }

    private List<string> Load(bool atStart)
    {
        var document = Read();
        Warn(document);
        var (problems, next, sealedAny) = (new List<string>(), new Dictionary<Setting, object>(), false);
        foreach (var setting in known)
        {
            var text = document.Get(setting.Section, setting.Key);
            next[setting] = atStart ? setting.DefaultValue : values[setting];
            if (text is { Length: > 0 } && setting.IsSecret)
            {
                if (!text.StartsWith(InstallKey.Prefix, StringComparison.Ordinal))
                {
                    document.Set(setting.Section, setting.Key, installKey.Seal(setting.Section, setting.Key, text));
                    sealedAny = true;
                }
                else if (installKey.TryOpen(setting.Section, setting.Key, text) is { } opened) text = opened;
                else
                {
                    problems.Add($"{Path}: [{setting.Section}] {setting.Key} is sealed by another installation or damaged: write the secret itself, it is sealed at the next start.");
                    continue;
                }
            }

            if (text is null or "" && setting.IsRequired) problems.Add($"{Path}: [{setting.Section}] {setting.Key} is missing; allowed: {setting.Range}.");
            else if (text is null) next[setting] = setting.DefaultValue;
            else if (setting.Parse(text) is { } value) next[setting] = value;
            else problems.Add(Problem(document, setting, text));
        }

        if (sealedAny && (problems.Count == 0 || !atStart)) Write(document);
        values = next.ToFrozenDictionary();
        return problems;
    }

    private string Problem(IniDocument document, Setting setting, string text) =>
        $"{Path}{(document.LineOf(setting.Section, setting.Key) is var line and > 0 ? $" line {line}" : "")}: [{setting.Section}] {setting.Key} = {(setting.IsSecret ? "***" : Shortened(text))} is not allowed; allowed: {setting.Range}.";

    private static string Shortened(string text) => text.Length > 80 ? text[..80] + "..." : text.Length == 0 ? "(empty)" : text;

    private IniDocument Read()
    {
        try
        {
            return IniDocument.Parse(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(DurableFiles.Read(Path, IniDocument.MaxLength) ?? []));
        }
        catch (DecoderFallbackException e)
        {
            throw new SettingsException($"{Path} is not UTF-8 text.", e);
        }
    }

    private void Write(IniDocument document)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        // One that is there may be the system's, e.g. /etc/sysconfig: its mode is not ours to change.
        if (!Directory.Exists(folder)) DurableFiles.MakeFolder(folder);
        DurableFiles.Write(Path, document.ToString());
    }

    private void Warn(IniDocument document)
    {
        var unknown = document.Entries.Where(e => !known.Any(k => k.Section == e.Section && k.Key == e.Key)).Select(e => $"[{e.Section}] {e.Key} is not known: it is kept and without effect")
            .Concat(document.Strange.Select(n => $"line {n} is no section, key or comment: it is kept and without effect")).ToHashSet();
        foreach (var line in unknown.Except(warned)) Unknown(log, Path, line);
        warned = unknown;
    }

    [LoggerMessage(EventId = 8001, Level = LogLevel.Warning, Message = "{Path}: {What}")]
    private static partial void Unknown(ILogger log, string path, string what);

    [LoggerMessage(EventId = 8002, Level = LogLevel.Warning, Message = "The last good value stays in use. {Problem}")]
    private static partial void KeptLast(ILogger log, string problem);
}
