using System.CommandLine;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Maintenance;

/// <summary><c>hbdr delete</c>: deletes one point; what only it needed goes with later collections.</summary>
internal static class DeleteCommand
{
    public sealed record Options(RepositoryPlace Repository, string Point, DeleteDanger Danger);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var point = new Argument<string>("POINT") { Description = "The beginning of the point's id, from 'points'" };
        var last = new Option<bool>("--danger-last") { Description = "Also when it is the last good point of its host" };
        var command = new Command("delete", "Delete one point; 'prune' frees what only it needed") { repository.Place, point, last };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), parsed.GetValue(point)!, parsed.GetValue(last) ? DeleteDanger.LastGoodPoint : DeleteDanger.None), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        await using var repository = await options.Repository.OpenAsync(ct);
        var entry = await PointFacts.FindByIdAsync(repository, options.Point, ct);
        await Collector.DeletePointAsync(repository, entry.Id, options.Danger, ct);
        report.Summary(new DeleteDocument(entry.Id.ToString(), entry.Point?.Host), MaintenanceJson.Default.DeleteDocument, $"Point {entry.Id.Abbreviated} is deleted.");
        return ExitCodes.Done;
    }
}
