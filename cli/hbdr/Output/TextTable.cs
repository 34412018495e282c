namespace HyperBdr.Hbdr.Output;

/// <summary>Columns as wide as their widest cell; numbers to the right.</summary>
internal static class TextTable
{
    public static void Write(TextWriter to, IReadOnlyList<string> heads, IReadOnlyList<IReadOnlyList<string>> rows, params int[] right)
    {
        var widths = heads.Select((head, column) => Math.Max(head.Length, rows.Select(row => row[column].Length).DefaultIfEmpty(0).Max())).ToArray();
        foreach (var row in rows.Prepend(heads))
        {
            var cells = row.Select((cell, column) => right.Contains(column) ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]));
            to.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }
}
