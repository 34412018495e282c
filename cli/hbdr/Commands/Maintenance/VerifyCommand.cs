using System.CommandLine;
using HyperBdr.Engine;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Maintenance;

/// <summary><c>hbdr verify</c>: says whether every point can be restored, and which cannot.</summary>
internal static class VerifyCommand
{
    public sealed record Options(RepositoryPlace Repository, VerifyLevel Level);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var full = new Option<bool>("--full") { Description = "Read, open and hash everything that is stored: what a restore of every point would find" };
        var tags = new Option<bool>("--tags") { Description = "Read everything and check the seal of every blob, without decompressing it" };
        var command = new Command("verify", "Check points, index and which packs are there; changes nothing") { repository.Place, full, tags };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), LevelOf(parsed.GetValue(full), parsed.GetValue(tags))), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        await using var repository = await options.Repository.OpenAsync(ct);
        var progress = new VerifyProgress();
        return await RunAsync(progress, token => Verifier.RunAsync(repository, new VerifyOptions { Level = options.Level }, progress, token), report, ct);
    }

    /// <summary>Runs a verification with its progress and reports what it found.</summary>
    public static async Task<int> RunAsync(VerifyProgress progress, Func<CancellationToken, Task<VerifyResult>> verify, Report report, CancellationToken ct)
    {
        VerifyResult result;
        TimeSpan took;
        await using (var display = report.Progress("verifying", () => State(progress)))
        {
            result = await verify(ct);
            took = display.Elapsed;
        }

        report.Result(DamageFacts.Document(result, took), MaintenanceJson.Default.VerifyDocument, to => Write(to, result, took, report.IsQuiet));
        return DamageFacts.ExitCode(result.Findings, result.Damage.Count > 0);
    }

    /// <summary>Bytes where packs are read, points or packs where they are only counted.</summary>
    public static ProgressState State(VerifyProgress progress) => progress.TotalBytes > 0
        ? new(progress.TotalBytes, progress.DoneBytes, progress.DoneBytes, 0)
        : new(0, 0, 0, 0, $"{progress.Packs} packs, {progress.Points} points");

    private static void Write(TextWriter to, VerifyResult result, TimeSpan took, bool quiet)
    {
        DamageFacts.Write(to, result.Findings, result.FindingsLeftOut);
        DamageFacts.Write(to, result.Damage);
        if (quiet) return;
        var read = result.Level == VerifyLevel.Quick ? "is there" : $"was read, with {result.Blobs} blobs";
        to.WriteLine($"Checked {result.Points} points in {Size.Duration(took)}; of {result.Packs} packs each {read}.");
        if (result.UnindexedPacks > 0) to.WriteLine($"{result.UnindexedPacks} packs belong to backups that run or were cut short, which is no fault.");
        if (result.Damage.Count == 0) to.WriteLine(result.IsWhole ? "Nothing is wrong." : "Every point that is listed can be restored whole, but see above.");
        else to.WriteLine($"{result.Damage.Select(d => d.Point).Distinct().Count()} points cannot be restored whole.");
    }

    private static VerifyLevel LevelOf(bool full, bool tags) => (full, tags) switch
    {
        (true, true) => throw new EngineException(Fault.InvalidArgument, "verify", "name one of --full and --tags"),
        (true, _) => VerifyLevel.Full,
        (_, true) => VerifyLevel.Tags,
        _ => VerifyLevel.Quick,
    };
}
