using System.CommandLine;
using System.Globalization;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Repositories;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands;

/// <summary><c>hbdr ls</c>: the disks of a point and what lies on them.</summary>
internal static class ListCommand
{
    public sealed record Options(RepositoryPlace Repository, string Point);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var point = new Argument<string>("POINT") { Description = "latest, latest:HOST, or the beginning of an id" };
        var command = new Command("ls", "Show the disks of a point, and their partitions and file systems") { repository.Place, point };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), parsed.GetValue(point)!), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        await using var repository = await options.Repository.OpenAsync(ct);
        var entry = await PointFacts.FindAsync(repository, options.Point, ct);
        var session = await repository.BeginReadAsync(ct);
        var disks = new List<DiskContent>();
        for (var number = 0; number < entry.Point!.Disks.Count; number++) disks.Add(await LookAsync(session, entry, number, ct));
        report.Result(new ContentDocument(entry.Id.ToString(), disks), ReportJson.Default.ContentDocument, to => Write(to, disks));
        return ExitCodes.Done;
    }

    private static async Task<DiskContent> LookAsync(ReadSession session, PointEntry entry, int number, CancellationToken ct)
    {
        var disk = entry.Point!.Disks[number];
        await using var source = session.OpenDisk(entry.Id, disk);
        var used = await UsedBlocks.FindAsync(source, UsedBlocksTrust.CleanOnly, skipSwap: false, ct);
        var volumes = used.Volumes.Select(v => new VolumeContent(v.Range.Offset, v.Range.Length, v.Kind, v.WhyAllUsed is null ? v.Range.Length - v.UnusedBytes : null)).ToList();
        return new DiskContent(number, disk.Name, disk.Length, used.WhyAllUsed, volumes);
    }

    private static void Write(TextWriter to, IReadOnlyList<DiskContent> disks)
    {
        foreach (var disk in disks)
        {
            to.WriteLine($"{disk.Number}  {disk.Name}  {Size.Text(disk.Length)}{(disk.Unclear is { } why ? $"  ({why})" : "")}");
            if (disk.Volumes.Count == 0) continue;
            TextTable.Write(to, ["   OFFSET", "SIZE", "USED", "CONTENT"],
                [.. disk.Volumes.Select(v => (IReadOnlyList<string>)["   " + v.Offset.ToString(CultureInfo.InvariantCulture), Size.Text(v.Length), v.Used is { } used ? Size.Text(used) : "?", v.Kind])], 1, 2);
        }
    }
}
