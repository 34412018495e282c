using System.CommandLine;
using System.Globalization;
using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Restore;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands;

/// <summary><c>hbdr restore</c>: writes a disk of a point, or a range of it, to a file, a device or standard output.</summary>
internal static class RestoreCommand
{
    public sealed record Options(RepositoryPlace Repository, string Point, string? Disk, string Target, string? Range, bool OnlyDifferent);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var point = new Argument<string>("POINT") { Description = "latest, latest:HOST, or the beginning of an id" };
        var disk = new Option<string?>("--disk") { Description = "Disk by name or number; may be left out when there is one", HelpName = "NAME|N" };
        var to = new Option<string>("--to") { Description = "A file, a block device, nbd://…, or - for standard output", HelpName = "TARGET", Required = true };
        var range = new Option<string?>("--range") { Description = "Only these bytes, in multiples of 4096; they go to the same place of the target", HelpName = "OFFSET:LENGTH" };
        var different = new Option<bool>("--only-different") { Description = "Read the target first and write only blocks that differ" };
        var command = new Command("restore", "Bring a disk back") { repository.Place, point, disk, to, range, different };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), parsed.GetValue(point)!, parsed.GetValue(disk), parsed.GetValue(to)!, parsed.GetValue(range), parsed.GetValue(different)), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        var toPipe = options.Target == "-";
        if (toPipe && report.IsJson) throw new EngineException(Fault.InvalidArgument, "--json", "standard output carries the disk");
        if (toPipe && options.Range is not null) throw new EngineException(Fault.InvalidArgument, "--range", "a range keeps its place, which a pipe does not have");
        var range = options.Range is { } text ? ParseRange(text) : (ByteRange?)null;
        await using var repository = await options.Repository.OpenAsync(ct);
        var entry = await PointFacts.FindAsync(repository, options.Point, ct);
        var disk = PointFacts.Disk(entry, options.Disk);
        var session = await repository.BeginReadAsync(ct);
        // What is outside of a range stays as it is.
        var existing = options.OnlyDifferent || range is not null ? ExistingFile.Keep : ExistingFile.Empty;
        await using var target = await DiskPlace.OpenTargetAsync(options.Target, existing, options.Repository.Io, ct);
        var restore = session.Restore(disk, target, new RestoreOptions { Range = range, OnlyDifferent = options.OnlyDifferent, Ordered = toPipe });
        TimeSpan took;
        await using (var display = report.Progress($"restoring {disk.Name}", () => new(restore.Progress.Total, restore.Progress.Done, restore.Progress.Done, restore.Progress.Written)))
        {
            await restore.RunAsync(ct);
            took = display.Elapsed;
        }

        var document = new RestoreDocument(entry.Id.ToString(), disk.Name, target.Name, restore.Progress.Total, restore.Progress.Written, took.TotalSeconds);
        report.Summary(document, ReportJson.Default.RestoreDocument,
            $"Restored {disk.Name} of point {entry.Id.Abbreviated} to {target.Name}: {Size.Text(document.Length)}, {Size.Text(document.Written)} written, in {Size.Duration(took)}.", toPipe);
        return ExitCodes.Done;
    }

    private static ByteRange ParseRange(string text)
    {
        var parts = text.Split(':');
        if (parts.Length != 2) throw new EngineException(Fault.InvalidArgument, "--range", string.Create(CultureInfo.InvariantCulture, $"'{text}' is not OFFSET:LENGTH"));
        return new ByteRange(Size.Parse(parts[0], "--range"), Size.Parse(parts[1], "--range"));
    }
}
