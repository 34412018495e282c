using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HyperBdr.Cli.Calls;

namespace HyperBdr.Cli.Output;

/// <summary>One column of a table: its title and what it shows of a row.</summary>
internal sealed record Column(string Title, Func<JsonNode, string> Of)
{
    public static Column Field(string title, string path) => new(title, row => Fields.Text(row, path));

    public static Column Time(string title, string path) => new(title, row => Fields.Time(row, path));

    /// <summary>Microseconds, in the unit that people would use.</summary>
    public static Column Duration(string title, string path) => new(title, row => Fields.Number(row, path) switch
    {
        0 => "",
        < 1_000_000 and var us => string.Create(CultureInfo.InvariantCulture, $"{us / 1000.0:0.#} ms"),
        var us => string.Create(CultureInfo.InvariantCulture, $"{us / 1e6:0.0} s"),
    });

    public static Column Size(string title, string path) => new(title, row => Sizes.Text(Fields.Number(row, path)));
}

/// <summary>What a command has found: for people as text, for programs as what the console answered.</summary>
internal sealed class Report(Io io, bool json)
{
    public bool IsJson => json;

    public void Rows(IReadOnlyList<JsonNode> rows, params Column[] columns)
    {
        if (json)
        {
            WriteDocument(io.Out, new JsonArray([.. rows.Select(r => r.DeepClone())]));
            return;
        }

        var cells = rows.Select(r => columns.Select(c => Plain(c.Of(r))).ToArray()).ToList();
        var widths = columns.Select((c, i) => cells.Select(r => r[i].Length).Append(c.Title.Length).Max()).ToArray();
        io.Out.WriteLine(Line([.. columns.Select(c => c.Title)], widths));
        foreach (var row in cells) io.Out.WriteLine(Line(row, widths));
    }

    /// <summary>One object, a field per line.</summary>
    public void One(JsonNode node, params Column[] fields)
    {
        if (json)
        {
            WriteDocument(io.Out, node);
            return;
        }

        var width = fields.Max(f => f.Title.Length);
        foreach (var field in fields)
        {
            if (field.Of(node) is { Length: > 0 } text) io.Out.WriteLine($"{field.Title.PadRight(width)}  {Plain(text)}");
        }
    }

    public void Said(JsonNode answer, string sentence)
    {
        if (json) WriteDocument(io.Out, answer);
        else io.Out.WriteLine(sentence);
    }

    public static void WriteDocument(TextWriter to, JsonNode node, bool oneLine = false)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = !oneLine })) node.WriteTo(writer);
        to.WriteLine(Encoding.UTF8.GetString(bytes.ToArray()));
    }

    /// <summary>Names come from other machines: nothing of them may steer the terminal.</summary>
    public static string Plain(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;

    private static string Line(string[] cells, int[] widths) => string.Join("  ", cells.Select((c, i) => c.PadRight(widths[i]))).TrimEnd();
}

/// <summary>Sizes for people.</summary>
internal static class Sizes
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public static string Text(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1024 && unit < Units.Length - 1; unit++) value /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 ? value.ToString("0", CultureInfo.InvariantCulture) : value.ToString("0.0", CultureInfo.InvariantCulture))} {Units[unit]}");
    }
}
