using System.CommandLine;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Hbdr.Output;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Maintenance;

/// <summary><c>hbdr scrub</c>: verifies the next share of all packs in full, so that a run each night sees all of them within a month.</summary>
internal static class ScrubCommand
{
    public sealed record Options(RepositoryPlace Repository, int Parts);

    public static Command Create(RepositoryOptions repository, ReportOptions report, Io io)
    {
        var parts = new Option<int>("--parts") { Description = "Read one pack in so many, 1 to 10000; the next run goes on after them", HelpName = "N", DefaultValueFactory = _ => new ScrubOptions().Parts };
        var command = new Command("scrub", "Verify the next share of everything in full; where it is up to is kept in the cache folder") { repository.Place, parts };
        command.SetAction((parsed, ct) => RunAsync(new(repository.Of(parsed), parsed.GetValue(parts)), report.Of(parsed, io), ct));
        return command;
    }

    public static async Task<int> RunAsync(Options options, Report report, CancellationToken ct)
    {
        await using var repository = await options.Repository.OpenAsync(ct);
        var progress = new VerifyProgress();
        return await VerifyCommand.RunAsync(progress, token => Scrubber.RunAsync(repository, new ScrubOptions { Parts = options.Parts }, progress, token), report, ct);
    }
}
