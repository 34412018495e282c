using System.CommandLine;
using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Sync;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands;

/// <summary><c>hbdr backup</c>: makes a recovery point of disks.</summary>
internal static class BackupCommand
{
    public sealed record Options(RepositoryPlace Repository, string Host, IReadOnlyList<BackupSource> Sources)
    {
        public string Parent { get; init; } = PointFacts.Latest;
        public string? ChangedFile { get; init; }
        public UsedBlocksTrust? UsedBlocks { get; init; }
        public bool SkipSwap { get; init; }
        public Consistency Consistency { get; init; }
        public required IReadOnlyDictionary<string, string> Tags { get; init; }
        public required SyncOptions Sync { get; init; }
    }

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var arguments = new BackupArguments();
        var command = new Command("backup", "Make a recovery point of disks") { repository.Place };
        arguments.AddTo(command);
        command.SetAction((parsed, ct) => RunAsync(arguments.Read(parsed, repository.Of(parsed)), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        if (options.ChangedFile is not null && options.Sources.Count != 1) throw new EngineException(Fault.InvalidArgument, "--changed", "goes with one source only");
        await using var repository = await options.Repository.OpenAsync(ct);
        var changed = options.ChangedFile is { } file ? await ReadChangesAsync(file, ct) : null;
        var parent = await ParentAsync(repository, options, ct);
        // All sources open before the first is read: a mistyped second disk should not cost a night.
        var sources = new List<IBlockSource>();
        try
        {
            foreach (var source in options.Sources) sources.Add(await OpenAsync(source, options, report, ct));
            return await WriteAsync(repository, new(options, parent, sources, changed), report, ct);
        }
        finally
        {
            foreach (var source in sources) await source.DisposeAsync();
        }
    }

    private sealed record Work(Options Options, PointEntry? Parent, IReadOnlyList<IBlockSource> Sources, RangeSet? Changed);

    private static async Task<int> WriteAsync(Repository repository, Work work, Report report, CancellationToken ct)
    {
        var options = work.Options;
        var request = new WriteRequest(options.Host) { Parent = work.Parent?.Id, Options = options.Sync, Consistency = options.Consistency, Tags = options.Tags };
        PointId id;
        TimeSpan took;
        await using (var session = await repository.BeginWriteAsync(request, ct))
        {
            var total = work.Sources.All(s => s.Length is not null) ? work.Sources.Sum(s => s.Length!.Value) : 0;
            await using var display = report.Progress($"backing up {options.Host}", () => StateOf(session.Progress, total));
            for (var i = 0; i < work.Sources.Count; i++) await session.AddDiskAsync(options.Sources[i].Disk, work.Sources[i], work.Changed, ct);
            id = await session.CommitAsync(ct);
            took = display.Elapsed;
        }

        var entry = (await repository.ListPointsAsync(ct)).FirstOrDefault(p => p.Id == id) ?? throw new EngineException(Fault.StoreLies, id.ToString(), "was published and is not listed");
        var fields = PointFacts.Fields(entry);
        report.Summary(new BackupDocument(fields, took.TotalSeconds), ReportJson.Default.BackupDocument, Text(fields, entry, took));
        return ExitCodes.Done;
    }

    private static string Text(PointFields point, PointEntry entry, TimeSpan took) =>
        $"Point {entry.Id.Abbreviated} of {point.Host}: {Size.Text(point.Size)}, read {Size.Text(point.Statistics!.Read)}, stored {Size.Text(point.Statistics.Stored)}, in {Size.Duration(took)}.";

    private static ProgressState StateOf(SyncProgress progress, long total)
    {
        var did = progress.Statistics;
        return new(total, progress.Done, did.Read, did.Stored);
    }

    private static async Task<PointEntry?> ParentAsync(Repository repository, Options options, CancellationToken ct) => options.Parent switch
    {
        "none" => null,
        PointFacts.Latest => PointFacts.LatestOf(await repository.ListPointsAsync(ct), options.Host),
        var id => await PointFacts.FindAsync(repository, id, ct),
    };

    private static async Task<IBlockSource> OpenAsync(BackupSource source, Options options, Report report, CancellationToken ct)
    {
        var opened = await DiskPlace.OpenSourceAsync(source.Place, options.Repository.Io, ct);
        if (options.UsedBlocks is not { } trust) return opened;
        var used = await UsedBlocks.FindAsync(opened, trust, options.SkipSwap, ct);
        var reasons = used.Volumes.Where(v => v.WhyAllUsed is not null).Select(v => $"{v.Kind} at {v.Range.Offset}: {v.WhyAllUsed}").Prepend(used.WhyAllUsed).OfType<string>();
        foreach (var reason in reasons) report.Note($"{source.Disk}: read whole: {reason}");
        return new UsedBlockSource(opened, used.Unused);
    }

    private static async Task<RangeSet> ReadChangesAsync(string path, CancellationToken ct)
    {
        try
        {
            await using var text = File.OpenRead(path);
            return await ChangeMap.ParseAsync(text, path, ct);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new EngineException(Fault.NotFound, path, "there is no such change map", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(Fault.SourceUnreadable, path, e.Message, e);
        }
    }
}
