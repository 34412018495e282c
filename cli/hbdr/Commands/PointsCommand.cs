using System.CommandLine;
using System.Globalization;
using HyperBdr.Engine.Repositories;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands;

/// <summary><c>hbdr points</c>: lists the recovery points.</summary>
internal static class PointsCommand
{
    public sealed record Options(RepositoryPlace Repository, string? Host);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var host = new Option<string?>("--host") { Description = "Only this host's", HelpName = "NAME" };
        var command = new Command("points", "List the recovery points, the oldest first") { repository.Place, host };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), parsed.GetValue(host)), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        await using var repository = await options.Repository.OpenAsync(ct);
        // Nobody knows whose an unreadable one is: it is shown with every host.
        var points = (await repository.ListPointsAsync(ct)).Where(p => options.Host is null || p.Point is null || p.Point.Host == options.Host).ToList();
        report.Result(new PointsDocument([.. points.Select(PointFacts.Fields)]), ReportJson.Default.PointsDocument, to => Write(to, points));
        return points.Exists(p => p.Point is null) ? ExitCodes.Damaged : ExitCodes.Done;
    }

    private static void Write(TextWriter to, IReadOnlyList<PointEntry> points) =>
        TextTable.Write(to, ["POINT", "TIME (UTC)", "HOST", "DISKS", "SIZE", "READ", "STORED", "STATE"], [.. points.Select(Row)], 3, 4, 5, 6);

    private static IReadOnlyList<string> Row(PointEntry entry)
    {
        if (entry.Point is not { } point) return [entry.Id.Abbreviated, "-", "-", "-", "-", "-", "-", $"{PointFacts.State(entry)}: {entry.Fault?.Code}"];
        return [entry.Id.Abbreviated, point.TakenAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), point.Host, point.Disks.Count.ToString(CultureInfo.InvariantCulture),
            Size.Text(point.Disks.Sum(d => d.Length)), Size.Text(point.Statistics.Read), Size.Text(point.Statistics.Stored), PointFacts.State(entry)];
    }
}
