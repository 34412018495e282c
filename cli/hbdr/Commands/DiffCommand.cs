using System.CommandLine;
using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands;

/// <summary><c>hbdr diff</c>: where two points differ, as a change map.</summary>
internal static class DiffCommand
{
    public sealed record Options(RepositoryPlace Repository, string Before, string After, string? Disk);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var before = new Argument<string>("BEFORE") { Description = "A point" };
        var after = new Argument<string>("AFTER") { Description = "A point" };
        var disk = new Option<string?>("--disk") { Description = "Only this disk, by name or number", HelpName = "NAME|N" };
        var command = new Command("diff", "Show the ranges in which two points differ: lines 'offset length' in bytes") { repository.Place, before, after, disk };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), parsed.GetValue(before)!, parsed.GetValue(after)!, parsed.GetValue(disk)), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        await using var repository = await options.Repository.OpenAsync(ct);
        var before = await PointFacts.FindAsync(repository, options.Before, ct);
        var after = await PointFacts.FindAsync(repository, options.After, ct);
        var session = await repository.BeginReadAsync(ct);
        var differences = new List<DiskDifference>();
        foreach (var (was, now) in Pairs(before, after, options.Disk)) differences.Add(await CompareAsync(session, was, now, ct));
        report.Result(new DiffDocument(before.Id.ToString(), after.Id.ToString(), differences), ReportJson.Default.DiffDocument, to => Write(to, differences));
        return ExitCodes.Done;
    }

    private static List<(DiskRecord Was, DiskRecord Now)> Pairs(PointEntry before, PointEntry after, string? disk)
    {
        if (disk is not null) return [(PointFacts.Disk(before, disk), PointFacts.Disk(after, disk))];
        var pairs = after.Point!.Disks.SelectMany(now => before.Point!.Disks.Where(was => was.Name == now.Name).Select(was => (Was: was, Now: now))).ToList();
        return pairs.Count > 0 ? pairs : throw new EngineException(Fault.NotFound, $"points {before.Id.Abbreviated} and {after.Id.Abbreviated}", "have no disk of the same name");
    }

    private static async Task<DiskDifference> CompareAsync(ReadSession session, DiskRecord was, DiskRecord now, CancellationToken ct)
    {
        var length = Math.Max(was.Length, now.Length);
        var ranges = new List<RangeFields>();
        await foreach (var range in session.DifferencesAsync(was, now, ct))
        {
            var offset = range.First * Block.Size;
            ranges.Add(new(offset, Math.Min(range.Count * Block.Size, length - offset)));
        }

        return new DiskDifference(now.Name, was.Length, now.Length, ranges.Sum(r => r.Length), ranges);
    }

    // What is written can be given to 'backup --changed': everything but ranges is a comment.
    private static void Write(TextWriter to, IReadOnlyList<DiskDifference> differences)
    {
        foreach (var disk in differences)
        {
            to.WriteLine($"# {disk.Disk}: {disk.Ranges.Count} ranges, {Size.Text(disk.Bytes)}{(disk.LengthBefore == disk.LengthAfter ? "" : $"; {disk.LengthBefore} bytes long, then {disk.LengthAfter}")}");
            foreach (var range in disk.Ranges) to.WriteLine($"{range.Offset} {range.Length}");
        }
    }
}
