using System.CommandLine;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Maintenance;

/// <summary><c>hbdr rebuild-index</c>: makes the index again from the packs, which tell themselves what they hold.</summary>
internal static class RebuildIndexCommand
{
    public sealed record Options(RepositoryPlace Repository);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var command = new Command("rebuild-index", "List the packs that the index lacks, and set index objects aside that cannot be read") { repository.Place };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed)), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        await using var repository = await options.Repository.OpenAsync(ct);
        var progress = new VerifyProgress();
        RebuildResult result;
        TimeSpan took;
        await using (var display = report.Progress("rebuilding the index", () => VerifyCommand.State(progress)))
        {
            result = await IndexRebuilder.RunAsync(repository, progress, ct);
            took = display.Elapsed;
        }

        var document = new RebuildDocument(result.PacksAdded, result.ObjectsAdded, result.Quarantined, [.. result.Findings.Select(DamageFacts.Fields)], took.TotalSeconds);
        report.Result(document, MaintenanceJson.Default.RebuildDocument, to =>
        {
            DamageFacts.Write(to, result.Findings, 0);
            if (!report.IsQuiet) to.WriteLine($"{result.PacksAdded} packs were added to the index in {result.ObjectsAdded} objects; {result.Quarantined.Count} unreadable ones were set aside in quarantine/.");
        });
        // An index object that was set aside is dealt with; a pack that cannot be listed is not.
        return DamageFacts.ExitCode(result.Findings.Where(f => !result.Quarantined.Contains(f.Subject)), isDamaged: false);
    }
}
