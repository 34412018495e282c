using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace HyperBdr.Demo.Protect;

/// <summary>The table at the end, and the same as JSON.</summary>
internal static class ProtectReport
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static void Show(IReadOnlyList<PointResult> points, Action<string> line)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        console.Profile.Width = 150;
        console.Write(Numbers(points));
        console.Write(Hashes(points));
        foreach (var row in text.ToString().TrimEnd().Split('\n')) line(row.TrimEnd());
    }

    public static void Save(IReadOnlyList<PointResult> points, string path) => File.WriteAllText(path, JsonSerializer.Serialize(new
    {
        Holds = points.All(p => p.Holds),
        Points = points.Select(p => new
        {
            p.Name, p.Point.Id, p.Point.Mode, p.Point.Consistency, p.Point.TakenAt, p.Point.DoneAt,
            LengthBytes = p.Point.Length, ReadBytes = p.Point.Read, SentBytes = p.Point.Sent, StoredBytes = p.Point.Stored,
            DurationS = p.Point.Duration.TotalSeconds, FreezeMs = p.Point.Freeze.TotalMilliseconds, RpoS = p.Rpo?.TotalSeconds, p.SameMoment, p.Holds,
            Disks = p.Disks.Select(d => new { d.Disk, Restored = d.Restored, d.Ledger, d.Prefix, d.From, d.Until, d.Holds, d.Fault }),
        }),
    }, Json));

    private static Table Numbers(IReadOnlyList<PointResult> points)
    {
        var table = new Table().Border(TableBorder.Ascii2);
        foreach (var column in new[] { "point", "consistency", "on disk", "read", "sent", "stored", "duration", "freeze", "RPO reached" }) table.AddColumn(new TableColumn(column).NoWrap());
        foreach (var p in points)
        {
            table.AddRow(
                p.Name, p.Point.Consistency, Size(p.Point.Length), Size(p.Point.Read), Size(p.Point.Sent), Size(p.Point.Stored),
                Seconds(p.Point.Duration), $"{p.Point.Freeze.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture)} ms", p.Rpo is { } rpo ? Seconds(rpo) : "-");
        }

        return table;
    }

    private static Table Hashes(IReadOnlyList<PointResult> points)
    {
        var table = new Table().Border(TableBorder.Ascii2);
        foreach (var column in new[] { "point", "disk", "SHA-256 of the restored disk", "ledger entry", "equal" }) table.AddColumn(new TableColumn(column).NoWrap());
        foreach (var p in points)
        {
            foreach (var d in p.Disks) table.AddRow(p.Name, d.Disk, d.Restored, d.Prefix?.ToString(CultureInfo.InvariantCulture) ?? "-", d.Holds ? "yes" : $"NO: {d.Fault}".EscapeMarkup());
        }

        return table;
    }

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s";

    private static string Size(long bytes) => bytes switch
    {
        < 1 << 20 => $"{(bytes / 1024.0).ToString("0.0", CultureInfo.InvariantCulture)} KiB",
        _ => $"{(bytes / 1048576.0).ToString("0.0", CultureInfo.InvariantCulture)} MiB",
    };
}
