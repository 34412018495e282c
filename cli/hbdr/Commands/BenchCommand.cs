using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using HyperBdr.Hbdr.Output;

namespace HyperBdr.Hbdr.Commands;

/// <summary><c>hbdr bench</c>: what backups of the benchmark's images cost on this machine.</summary>
/// <remarks>Measures itself, case by case in this process. Beside restic and borg: tests/Bench/engine/peers.sh.</remarks>
internal static class BenchCommand
{
    private static readonly BenchCase[] Cases =
    [
        new("full", null, "debian.img"),
        new("unchanged", "debian.img", "debian.img"),
        new("day", "debian.img", "day.img"),
        new("database", "db0.img", "db1.img"),
    ];

    private sealed record BenchCase(string Name, string? Before, string Image);

    public sealed record Options(string Folder, int Rounds, string? Work);

    public static Command Create(ReportOptions report, Io io)
    {
        var folder = new Argument<string>("DIR") { Description = "Images: debian.img and day.img, or db0.img and db1.img (tests/Bench/engine/datasets.sh makes them)" };
        var rounds = new Option<int>("--rounds") { Description = "How often; the median counts", DefaultValueFactory = _ => 3 };
        var work = new Option<string?>("--work") { Description = "Folder for the repositories (default: a new one in the temporary folder)", HelpName = "DIR" };
        var command = new Command("bench", "Measure backups of sample images on this machine: processor time, time, storage and memory") { folder, rounds, work };
        command.SetAction((parsed, ct) => RunAsync(new(parsed.GetValue(folder)!, parsed.GetValue(rounds), parsed.GetValue(work)), report.Of(parsed, io), io, ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, Io io, CancellationToken ct)
    {
        if (options.Rounds is < 1 or > 100) throw new EngineException(Fault.InvalidArgument, "--rounds", "must be 1 to 100");
        var cases = Cases.Where(c => new[] { c.Before, c.Image }.OfType<string>().All(name => File.Exists(Path.Combine(options.Folder, name)))).ToList();
        if (cases.Count == 0) throw new EngineException(Fault.NotFound, options.Folder, "holds none of the images: see tests/Bench/engine/README.md");
        var runs = new List<BenchRun>();
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var one in cases)
            {
                report.Note($"round {round + 1} of {options.Rounds}: {one.Name}");
                runs.Add(await RunAsync(one, options, io, ct));
            }
        }

        List<BenchRun> medians = [.. cases.Select(c => Median(c.Name, [.. runs.Where(r => r.Case == c.Name)]))];
        report.Result(new BenchDocument(options.Rounds, Environment.ProcessorCount, medians), ReportJson.Default.BenchDocument, to => Write(to, medians));
        return ExitCodes.Done;
    }

    private static async Task<BenchRun> RunAsync(BenchCase one, Options options, Io io, CancellationToken ct)
    {
        var parent = options.Work ?? Path.GetTempPath();
        Directory.CreateDirectory(parent);
        var work = Path.Combine(parent, $"hbdr-bench-{Guid.CreateVersion7():n}");
        try
        {
            using var key = RawKey.Create();
            await using (var store = new FolderStore(Path.Combine(work, "repository")))
            {
                await Repository.InitAsync(store, Guid.CreateVersion7(), [(key, "bench")], ChunkingConstants.Default, ct);
            }

            if (one.Before is { } before) await BackUpAsync(work, key, Path.Combine(options.Folder, before), io, ct);
            return await MeasureAsync(one.Name, work, () => BackUpAsync(work, key, Path.Combine(options.Folder, one.Image), io, ct));
        }
        finally
        {
            if (Directory.Exists(work)) Directory.Delete(work, recursive: true);
        }
    }

    private static async Task BackUpAsync(string work, RawKey key, string image, Io io, CancellationToken ct)
    {
        await using var repository = await Repository.OpenAsync(new FolderStore(Path.Combine(work, "repository")), key, Path.Combine(work, "cache"), io.Time, ct);
        await using var source = FileSource.Open(image);
        var parent = PointFacts.LatestOf(await repository.ListPointsAsync(ct), null);
        await using var session = await repository.BeginWriteAsync(new WriteRequest("bench") { Parent = parent?.Id }, ct);
        await session.AddDiskAsync("disk0", source, null, ct);
        await session.CommitAsync(ct);
    }

    private static async Task<BenchRun> MeasureAsync(string name, string work, Func<Task> run)
    {
        GC.Collect();
        // Linux: the peak begins anew, from what is resident now.
        await File.WriteAllTextAsync("/proc/self/clear_refs", "5", CancellationToken.None);
        var (stored, cpu, begun) = (Held(work), Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        await run();
        var took = Stopwatch.GetElapsedTime(begun);
        return new BenchRun(name, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds, took.TotalSeconds, (Held(work) - stored) / (1024.0 * 1024), PeakMib());
    }

    private static long Held(string work) => Directory.EnumerateFiles(Path.Combine(work, "repository"), "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);

    // "VmHWM:     93412 kB"
    private static double PeakMib()
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6).TrimEnd("kB ").Trim(), CultureInfo.InvariantCulture) / 1024.0;
    }

    private static BenchRun Median(string name, IReadOnlyList<BenchRun> runs) =>
        new(name, Median(runs, r => r.CpuSeconds), Median(runs, r => r.Seconds), Median(runs, r => r.StoredMib), Median(runs, r => r.PeakMib));

    private static double Median(IReadOnlyList<BenchRun> runs, Func<BenchRun, double> of) => runs.Select(of).Order().ElementAt(runs.Count / 2);

    private static void Write(TextWriter to, IReadOnlyList<BenchRun> runs) =>
        TextTable.Write(to, ["CASE", "CPU s", "TIME s", "STORED MiB", "PEAK MiB"], [.. runs.Select(r => (IReadOnlyList<string>)[r.Case, Text(r.CpuSeconds, "0.00"), Text(r.Seconds, "0.00"), Text(r.StoredMib, "0"), Text(r.PeakMib, "0")])], 1, 2, 3, 4);

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
