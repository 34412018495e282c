using System.CommandLine;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Maintenance;

/// <summary><c>hbdr repair</c>: saves what is intact in damaged packs, so that the next backup stores the rest anew.</summary>
internal static class RepairCommand
{
    public sealed record Options(RepositoryPlace Repository);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var command = new Command("repair", "Verify in full, save what is intact in damaged packs, and let backups store anew what is lost") { repository.Place };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed)), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        await using var repository = await options.Repository.OpenAsync(ct);
        var progress = new VerifyProgress();
        RepairResult result;
        TimeSpan took;
        await using (var display = report.Progress("repairing", () => VerifyCommand.State(progress)))
        {
            result = await Repairer.RunAsync(repository, progress, ct);
            took = display.Elapsed;
        }

        var document = new RepairDocument(
            DamageFacts.Document(result.Before, took), result.Salvaged, result.LostBlobs, result.Quarantined, [.. result.Lost.Select(DamageFacts.Fields)], took.TotalSeconds);
        report.Result(document, MaintenanceJson.Default.RepairDocument, to => Write(to, result, report.IsQuiet));
        return result.Lost.Count > 0 ? ExitCodes.Damaged : ExitCodes.Done;
    }

    private static void Write(TextWriter to, RepairResult result, bool quiet)
    {
        DamageFacts.Write(to, result.Before.Findings, result.Before.FindingsLeftOut);
        DamageFacts.Write(to, result.Lost);
        if (quiet) return;
        if (result.Before.IsWhole) to.WriteLine("Nothing was wrong, and nothing was changed.");
        else to.WriteLine($"{result.Salvaged} blobs were saved into new packs, {result.LostBlobs} are lost; {result.Quarantined.Count} damaged objects were copied to quarantine/.");
        if (result.Lost.Count > 0) to.WriteLine("Back the machines up again now: what they still have is stored anew. Points in the list stay as they are.");
        else if (!result.Before.IsWhole) to.WriteLine("Every point that is listed can be restored whole.");
    }
}
