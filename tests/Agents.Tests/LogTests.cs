using System.IO.Compression;
using HyperBdr.Agents.Logs;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace HyperBdr.Agents.Tests;

public sealed class LogTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly HeldTime time = new(new DateTimeOffset(2025, 5, 11, 9, 0, 0, TimeSpan.Zero));
    private readonly string folder = Path.Combine(Directory.CreateTempSubdirectory("hyperbdr-logs-").FullName, "logs");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);

    [Fact]
    public void A_full_file_is_set_aside_packed_under_its_day_and_no_line_is_lost()
    {
        using (var log = new LogFile(new LogFileOptions(folder, "linux_agent") { MaxBytes = 1000 }, time))
        {
            for (var n = 0; n < 100; n++) log.Write($"line {n:000} {new string('.', 40)}");
            log.Lost.ShouldBe(0);
        }

        Names().ShouldContain("linux_agent.log");
        Names().ShouldContain("linux_agent-20250511.gz");
        Names().Where(n => n.EndsWith(".gz", StringComparison.Ordinal)).Count().ShouldBeLessThanOrEqualTo(10);
        var kept = Names().SelectMany(Lines).Order(StringComparer.Ordinal).ToList();
        kept.ShouldBe(Enumerable.Range(100 - kept.Count, kept.Count).Select(n => $"line {n:000} {new string('.', 40)}"));
        kept.Count.ShouldBe(100);
    }

    [Fact]
    public void Files_beyond_the_number_and_the_age_go_and_others_stay()
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "watchman_notes.txt"), "an administrator's");
        var options = new LogFileOptions(folder, "watchman") { ByDay = true, MaxFiles = 3, MaxAgeDays = 28 };
        using (var log = new LogFile(options, time))
        {
            for (var day = 0; day < 6; day++, time.Now = time.Now.AddDays(1)) log.Write($"day {day}");
        }

        Names().ShouldBe(["watchman_20250513.log.gz", "watchman_20250514.log.gz", "watchman_20250515.log.gz", "watchman_20250516.log", "watchman_notes.txt"]);
        foreach (var name in Names().Where(n => n.EndsWith(".gz", StringComparison.Ordinal))) File.SetLastWriteTimeUtc(Path.Combine(folder, name), time.Now.UtcDateTime.AddDays(-29));
        using (var log = new LogFile(options, time)) log.Write("after a month");
        Names().ShouldBe(["watchman_20250516.log", "watchman_20250517.log", "watchman_notes.txt"]);
    }

    [Fact]
    public void A_log_is_its_owners_alone_and_one_event_is_one_line_of_the_documented_form()
    {
        using var provider = new FileLogging(new LogFileOptions(folder, "linux_agent") { Level = LogLevel.Information }, "egisplus-agent", time);
        using var factory = FileLogging.Factory(provider);
        var log = factory.CreateLogger("x");
        using (log.BeginScope(new Dictionary<string, object> { ["TenantId"] = "t-1", ["TaskId"] = "task-1" })) log.Log(LogLevel.Warning, "two\nlines");
        log.Log(LogLevel.Debug, "too fine");
        provider.Level = LogLevel.Debug;
        log.Log(LogLevel.Debug, "fine now");

        File.GetUnixFileMode(folder).ShouldBe(Owner | UnixFileMode.UserExecute);
        File.GetUnixFileMode(Path.Combine(folder, "linux_agent.log")).ShouldBe(Owner);
        Lines("linux_agent.log").ShouldBe(["2025-05-11T09:00:00.000+00:00 WARN egisplus-agent - - t-1 task-1 two\\nlines", "2025-05-11T09:00:00.000+00:00 DEBUG egisplus-agent - - - - fine now"]);
    }

    [Fact]
    public void A_folder_that_takes_no_line_costs_lines_and_not_the_program()
    {
        using var log = new LogFile(new LogFileOptions(folder, "x"), time);
        Directory.CreateDirectory(Path.Combine(folder, "x.log"));
        log.Write("lost");
        log.Lost.ShouldBe(1);
        Directory.Delete(Path.Combine(folder, "x.log"));
        log.Write("kept");
        Lines("x.log").ShouldBe(["kept"]);
    }

    private string[] Names() => [.. Directory.GetFiles(folder).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];

    private string[] Lines(string name)
    {
        using Stream file = new FileStream(Path.Combine(folder, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var plain = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(plain);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
