using System.CommandLine;
using System.Globalization;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Maintenance;

/// <summary><c>hbdr prune</c>: deletes the points that no rule keeps, then collects what no point needs any more.</summary>
internal static class PruneCommand
{
    /// <param name="Policy">Null: no point is deleted.</param>
    public sealed record Options(RepositoryPlace Repository, RetentionPolicy? Policy, string? Host, bool DryRun);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var arguments = new PruneArguments();
        var command = new Command("prune", "Delete points that no rule keeps, and free what no point needs") { repository.Place };
        arguments.AddTo(command);
        command.SetAction((parsed, ct) => RunAsync(arguments.Read(parsed, repository.Of(parsed)), report.Of(parsed, io), io, ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, Io io, CancellationToken ct)
    {
        await using var repository = await options.Repository.OpenAsync(ct);
        var decisions = options.Policy is { } policy ? await Retention.RunAsync(repository, policy, options.Host, await DamagedAsync(repository, report, ct), options.DryRun, ct) : null;
        // Before the collection: whatever that meets, it is known what was deleted.
        if (decisions is not null && !report.IsJson && (options.DryRun || !report.IsQuiet)) Write(io.Out, decisions, options.DryRun);
        var collected = options.DryRun ? null : await CollectAsync(repository, report, ct);
        var document = new PruneDocument(options.DryRun, decisions?.Select(Fields).ToList(), collected is null ? null : Fields(collected));
        report.Summary(document, MaintenanceJson.Default.PruneDocument, collected is null ? "Nothing was changed: this was a trial." : Text(collected));
        if (collected is null) return ExitCodes.Done;
        if (!report.IsJson) DamageFacts.Write(io.Out, collected.Findings, 0);
        return DamageFacts.ExitCode(collected.Findings, isDamaged: false);
    }

    // A point that has lost data must not be why an older, whole one goes.
    private static async Task<HashSet<PointId>> DamagedAsync(Repository repository, Report report, CancellationToken ct)
    {
        var progress = new VerifyProgress();
        await using var display = report.Progress("looking for damage", () => VerifyCommand.State(progress));
        var found = await Verifier.RunAsync(repository, new VerifyOptions { Level = VerifyLevel.Quick }, progress, ct);
        return [.. found.Damage.Select(d => d.Point)];
    }

    private static async Task<CollectResult> CollectAsync(Repository repository, Report report, CancellationToken ct)
    {
        var progress = new CollectProgress();
        await using var display = report.Progress("collecting", () => new(0, 0, 0, 0, $"{progress.Points} points walked, {progress.Compacted} packs compacted, {progress.Deleted} deleted"));
        return await Collector.RunAsync(repository, new CollectPolicy(), progress, ct);
    }

    private static string Text(CollectResult result) =>
        $"Collected: {result.DeletedPacks} packs deleted ({Size.Text(result.DeletedBytes)}), {result.Compacted} compacted, {result.Condemned} newly without use, {result.Waiting} wait to be deleted by a later run."
        + (result.Superseded ? " Another collection has taken over." : "");

    private static void Write(TextWriter to, IReadOnlyList<RetentionDecision> decisions, bool dryRun) =>
        TextTable.Write(to, ["POINT", "TIME (UTC)", "HOST", "WHAT", "WHY"], [.. decisions.Select(d => Row(d, dryRun))]);

    private static IReadOnlyList<string> Row(RetentionDecision decision, bool dryRun) =>
    [
        decision.Point.Id.Abbreviated, decision.Point.TakenAt?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "-", decision.Point.Host,
        decision.Keep ? "kept" : dryRun ? "would go" : "deleted", decision.Keep ? string.Join(", ", decision.Reasons.Select(Text)) : "no rule keeps it",
    ];

    private static string Text(KeepReason reason) => reason switch
    {
        KeepReason.LastGood => "last good point of its host",
        KeepReason.HeldById or KeepReason.HeldByTag => "held",
        KeepReason.FutureTime => "ATTENTION: its time is in the future",
        KeepReason.NotGood => "ATTENTION: damaged, void or unreadable",
        KeepReason.DeleteShare => "ATTENTION: this run has deleted half of the host's points",
        _ => Name(reason),
    };

    private static string Name(KeepReason reason) => reason switch
    {
        KeepReason.HeldById => "held_by_id",
        KeepReason.HeldByTag => "held_by_tag",
        KeepReason.LastGood => "last_good",
        KeepReason.FutureTime => "future_time",
        KeepReason.NotGood => "not_good",
        KeepReason.DeleteShare => "delete_share",
        _ => reason.ToString().ToLowerInvariant(),
    };

    private static DecisionFields Fields(RetentionDecision decision) =>
        new(decision.Point.Id.ToString(), decision.Point.Host, decision.Point.TakenAt, decision.Keep, [.. decision.Reasons.Select(Name)], decision.NeedsAttention);

    private static CollectionFields Fields(CollectResult result) => new(
        result.Epoch, result.Points, result.VoidPoints, result.Condemned, result.NeededAgain, result.Waiting, result.Compacted, result.DeletedPacks, result.DeletedBytes,
        result.Superseded, [.. result.Findings.Select(DamageFacts.Fields)]);
}
