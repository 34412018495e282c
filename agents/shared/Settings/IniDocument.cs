using System.Text;

namespace HyperBdr.Agents.Settings;

/// <summary>An INI text as its lines, so that comments, order and unknown keys survive a change.</summary>
/// <remarks>
/// <c>[section]</c>, <c>key = value</c>, comments from <c>#</c> or <c>;</c> at a line's start or after white space. Section and key names are compared
/// exactly. A value in double quotes is taken without them, comment signs and all. A line that is none of these is kept and named in <see cref="Strange"/>.
/// </remarks>
public sealed class IniDocument
{
    /// <summary>Longest text that is read.</summary>
    public const int MaxLength = 1 << 20;
    private readonly List<Line> lines = [];

    private IniDocument()
    {
    }

    /// <summary>One line: its text, and what it says when it is a key.</summary>
    private sealed record Line(string Text, string Section, string? Key, string? Value);

    /// <summary>Line numbers that are no section, key or comment.</summary>
    public IReadOnlyList<int> Strange { get; private set; } = [];

    /// <summary>Every key in order; of a key that stands twice the last value counts.</summary>
    public IEnumerable<(string Section, string Key, string Value)> Entries => lines.Where(l => l.Key is not null).Select(l => (l.Section, l.Key!, l.Value!));

    /// <summary>The line that counts for a key, from 1; names without regard to case. 0 when it is not there.</summary>
    public int LineOf(string section, string key) =>
        1 + lines.FindLastIndex(l => string.Equals(l.Section, section, StringComparison.OrdinalIgnoreCase) && string.Equals(l.Key, key, StringComparison.OrdinalIgnoreCase));

    public static IniDocument Parse(string text)
    {
        var document = new IniDocument();
        var strange = new List<int>();
        var section = "";
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.TrimEnd('\r').TrimStart('\uFEFF');
            var (key, value) = (default(string), default(string));
            var trimmed = line.Trim();
            if (trimmed.StartsWith('[') && trimmed.IndexOf(']', StringComparison.Ordinal) is > 1 and var end) section = trimmed[1..end].Trim();
            else if (trimmed.Length > 0 && trimmed[0] is not ('#' or ';'))
            {
                var sign = trimmed.IndexOf('=', StringComparison.Ordinal);
                if (sign > 0) (key, value) = (trimmed[..sign].Trim(), ValueOf(trimmed[(sign + 1)..]));
                else strange.Add(document.lines.Count + 1);
            }

            document.lines.Add(new Line(line, section, key, value));
        }

        // The text's last line break is not an empty line of its own.
        if (document.lines is [.., { Text: "" }]) document.lines.RemoveAt(document.lines.Count - 1);
        document.Strange = strange;
        return document;
    }

    /// <summary>The value; null when the key is not there.</summary>
    public string? Get(string section, string key) => lines.LastOrDefault(l => l.Section == section && l.Key == key)?.Value;

    /// <summary>Replaces the value where it stands, or adds it at its section's end.</summary>
    /// <exception cref="ArgumentException">The value has a line break.</exception>
    public void Set(string section, string key, string value)
    {
        if (value.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0) throw new ArgumentException("A value is one line.", nameof(value));
        var line = new Line($"{key} = {Written(value)}", section, key, value);
        var at = lines.FindLastIndex(l => l.Section == section && l.Key == key);
        if (at >= 0)
        {
            lines[at] = line with { Text = line.Text + CommentOf(lines[at].Text) };
            return;
        }

        at = lines.FindLastIndex(l => l.Section == section && l.Text.Trim().Length > 0);
        if (at < 0 && section.Length > 0)
        {
            if (lines.Count > 0) lines.Add(new Line("", lines[^1].Section, null, null));
            lines.Add(new Line($"[{section}]", section, null, null));
            at = lines.Count - 1;
        }

        lines.Insert(at + 1, line);
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var line in lines) text.Append(line.Text).Append('\n');
        return text.ToString();
    }

    private static string ValueOf(string text)
    {
        var value = text.Trim();
        if (value is ['"', ..] && value.IndexOf('"', 1) is > 0 and var quote) return value[1..quote];
        return value[..CommentAt(value)].TrimEnd();
    }

    private static string CommentOf(string line)
    {
        var value = line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim();
        if (value is ['"', ..]) return "";
        var at = CommentAt(value);
        return at < value.Length ? $" {value[at..].Trim()}" : "";
    }

    private static int CommentAt(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] is '#' or ';' && (i == 0 || char.IsWhiteSpace(value[i - 1]))) return i;
        }

        return value.Length;
    }

    private static string Written(string value) =>
        value.Length > 0 && (value[0] == '"' || value.Trim() != value || CommentAt(value) < value.Length) ? $"\"{value}\"" : value;
}
