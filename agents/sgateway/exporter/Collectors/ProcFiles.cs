using System.Globalization;

namespace HyperBdr.Exporter.Collectors;

/// <summary>Lines of files of /proc; a file that cannot be read has none.</summary>
/// <param name="root">Prefix; empty on a real machine.</param>
internal sealed class ProcFiles(string root)
{
    private const int MaxLines = 10_000;

    public IEnumerable<string[]> Fields(string path)
    {
        string[] lines;
        try
        {
            lines = [.. File.ReadLines(root + path).Take(MaxLines)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        return lines.Select(l => l.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)).Where(f => f.Length > 0);
    }

    /// <summary>The whole of a short file; empty when it cannot be read.</summary>
    public string Text(string path)
    {
        try
        {
            return File.ReadAllText(root + path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    public IEnumerable<string> Folders(string path) => Directory.EnumerateDirectories(root + path).Select(p => Path.GetFileName(p));

    public bool Exists(string path) => Path.Exists(root + path);

    public static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : 0;
}
