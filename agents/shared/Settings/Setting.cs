using System.Globalization;

namespace HyperBdr.Agents.Settings;

/// <summary>One key that a program knows.</summary>
public abstract class Setting(string section, string key, string range)
{
    public string Section { get; } = section;

    public string Key { get; } = key;

    /// <summary>What is allowed, for people.</summary>
    public string Range { get; } = range;

    /// <summary>Sealed in the file, never shown.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Without it the program does not start.</summary>
    public bool IsRequired { get; init; }

    internal abstract object DefaultValue { get; }

    /// <summary>The value of a text; null when the text is not allowed.</summary>
    internal abstract object? Parse(string text);
}

/// <summary>One key with its type and default.</summary>
/// <param name="parse">The value; null when the text is not allowed.</param>
public sealed class Setting<T>(string section, string key, T defaultValue, string range, Func<string, object?> parse) : Setting(section, key, range)
    where T : notnull
{
    public T Default { get; } = defaultValue;

    internal override object DefaultValue => Default;

    internal override object? Parse(string text) => parse(text);
}

/// <summary>The kinds of keys that configuration files have. Names are section, key, default, then the range.</summary>
public static class Settings
{
    public static Setting<string> Text(string section, string key, string defaultValue = "", bool required = false, int maxLength = 1024) =>
        new(section, key, defaultValue, required ? $"text of 1 to {maxLength} characters" : $"text, at most {maxLength} characters", t => t.Length <= maxLength && (t.Length > 0 || !required) ? t : null) { IsRequired = required };

    /// <summary>A text that is sealed in the file on first start.</summary>
    public static Setting<string> Secret(string section, string key, bool required = false) =>
        new(section, key, "", "a secret, plain or sealed by this installation (enc:...), at most 1024 characters", t => t.Length <= 1024 ? t : null) { IsSecret = true, IsRequired = required };

    public static Setting<bool> Bool(string section, string key, bool defaultValue) =>
        new(section, key, defaultValue, "true or false", t => t.ToUpperInvariant() switch { "TRUE" or "1" or "YES" or "ON" => true, "FALSE" or "0" or "NO" or "OFF" => false, _ => null });

    public static Setting<long> Number(string section, string key, long defaultValue, long least, long most, string unit = "") =>
        new(section, key, defaultValue, $"a whole number from {least} to {most}{(unit.Length > 0 ? $" ({unit})" : "")}", t => long.TryParse(t, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) && n >= least && n <= most ? n : null);

    public static Setting<string> Choice(string section, string key, string defaultValue, params string[] allowed) =>
        new(section, key, defaultValue, $"one of {string.Join(", ", allowed.Select(a => a.Length == 0 ? "\"\"" : a))}", t => Array.Find(allowed, a => string.Equals(a, t, StringComparison.OrdinalIgnoreCase)));

    /// <summary>An absolute URL with one of the schemes; empty when it is not required.</summary>
    public static Setting<string> Url(string section, string key, string defaultValue, bool required, params string[] schemes) =>
        new(section, key, defaultValue, $"a URL that begins with {string.Join(" or ", schemes.Select(s => $"{s}://"))}", t => (t.Length == 0 && !required) || (t.Length <= 2048 && Uri.TryCreate(t, UriKind.Absolute, out var uri) && schemes.Contains(uri.Scheme) && uri.UserInfo.Length == 0) ? t : null) { IsRequired = required };

    /// <summary>Host and port, e.g. <c>127.0.0.1:19982</c> or <c>[::1]:19982</c>.</summary>
    public static Setting<string> HostPort(string section, string key, string defaultValue, bool required = false) =>
        new(section, key, defaultValue, "host:port", t => (t.Length == 0 && !required) || Link.ConsoleAddress.TryParse(t, out _) ? t : null) { IsRequired = required };

    /// <summary>An absolute path; empty when <paramref name="mayBeEmpty"/>.</summary>
    public static Setting<string> FullPath(string section, string key, string defaultValue, bool mayBeEmpty = false) =>
        new(section, key, defaultValue, mayBeEmpty ? "an absolute path, or empty" : "an absolute path", t => (t.Length == 0 && mayBeEmpty) || (t is ['/', ..] && t.Length < 4096 && !t.Contains('\0', StringComparison.Ordinal)) ? t : null);
}
