using System.CommandLine;
using System.Globalization;
using HyperBdr.Engine;
using HyperBdr.Engine.Stores;
using HyperBdr.Hbdr.Output;

namespace HyperBdr.Hbdr.Places;

/// <summary>How fast bytes may go to and from the store.</summary>
internal sealed class RateOptions
{
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private readonly Option<string?> upload = new("--limit-upload") { Description = "Bytes a second to the store, for example 10MiB", HelpName = "SIZE", Recursive = true };
    private readonly Option<string?> download = new("--limit-download") { Description = "Bytes a second from the store", HelpName = "SIZE", Recursive = true };
    private readonly Option<string[]> window = new("--limit-window") { Description = "Another upload limit in hours of the week, by this machine's clock: mon-fri@08:00-18:00=1MiB", HelpName = "DAYS@FROM-TO=SIZE", Recursive = true };

    public void AddTo(Command root)
    {
        foreach (var option in (Option[])[upload, download, window]) root.Add(option);
    }

    /// <summary>Null without any limit.</summary>
    public RatePlan? Of(ParseResult parsed)
    {
        var otherwise = new Rate(Limit(parsed.GetValue(upload), "--limit-upload"), Limit(parsed.GetValue(download), "--limit-download"));
        var windows = (parsed.GetValue(window) ?? []).Select(text => Window(text, otherwise.DownBytesPerSecond)).ToList();
        return windows.Count == 0 && otherwise == Rate.Unlimited ? null : new RatePlan(TimeZoneInfo.Local, windows, otherwise);
    }

    private static long? Limit(string? text, string option) => text is null ? null : Size.Parse(text, option);

    private static RateWindow Window(string text, long? down)
    {
        var (days, hours) = Cut(text, '@');
        var (times, size) = Cut(hours, '=');
        var (from, to) = Cut(times, '-');
        return new RateWindow(DaysOf(days, text), Time(from, text), Time(to, text), new Rate(Size.Parse(size, "--limit-window"), down));

        (string, string) Cut(string part, char at) => part.Split(at, 2) is [var before, var after] ? (before, after) : throw Wrong(text);
    }

    // "mon-fri", "sat", "fri-mon": from the first to the second, over the end of the week where need be.
    private static HashSet<DayOfWeek> DaysOf(string text, string window)
    {
        var ends = text.Split('-').Select(name => Array.IndexOf(Days, name.ToLowerInvariant())).ToList();
        if (ends.Count > 2 || ends.Contains(-1)) throw Wrong(window);
        var days = new HashSet<DayOfWeek>();
        for (var day = ends[0]; ; day = (day + 1) % Days.Length)
        {
            days.Add((DayOfWeek)day);
            if (day == ends[^1]) return days;
        }
    }

    private static TimeOnly Time(string text, string window) =>
        TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : throw Wrong(window);

    private static EngineException Wrong(string text) => new(Fault.InvalidArgument, "--limit-window", $"'{text}' is not like mon-fri@08:00-18:00=1MiB");
}
