namespace HyperBdr.LinuxAgent.Cli;

/// <summary>Columns as wide as their longest field, one blank between.</summary>
internal static class TextTable
{
    public static void Write(TextWriter output, IReadOnlyList<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length)).ToArray();
        foreach (var row in rows) output.WriteLine(string.Join(' ', row.Select((field, column) => field.PadRight(widths[column]))).TrimEnd());
    }
}
