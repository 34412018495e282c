using Spectre.Console;

namespace HyperBdr.Hmctl.Output;

/// <summary>Columns as wide as their content, never wrapped: a pipe gets what a terminal shows, without colours.</summary>
internal static class TextTable
{
    public static void Write(Io io, IReadOnlyList<string> header, IReadOnlyList<IReadOnlyList<string>> rows, Func<int, IReadOnlyList<string>, string?> color)
    {
        var widths = header.Select((title, column) => Math.Max(title.Length, rows.Count == 0 ? 0 : rows.Max(row => row[column].Length))).ToList();
        io.Out.WriteLine(Line(header, widths));
        io.Out.WriteLine(new string('-', widths.Sum() + 3 * (widths.Count - 1)));
        var ansi = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(io.Out), Ansi = io.IsTerminal ? AnsiSupport.Yes : AnsiSupport.No });
        ansi.Profile.Width = 10_000;
        foreach (var row in rows)
        {
            if (!io.IsTerminal)
            {
                io.Out.WriteLine(Line(row, widths));
                continue;
            }
            ansi.MarkupLine(string.Join("   ", row.Select((cell, column) =>
            {
                var text = Markup.Escape(column == row.Count - 1 ? cell : cell.PadRight(widths[column]));
                return color(column, row) is { } name ? $"[{name}]{text}[/]" : text;
            })));
        }
    }

    private static string Line(IReadOnlyList<string> cells, List<int> widths) =>
        string.Join("   ", cells.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd();
}
