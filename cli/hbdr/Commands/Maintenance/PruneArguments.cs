using System.CommandLine;
using HyperBdr.Engine;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Hbdr.Places;

namespace HyperBdr.Hbdr.Commands.Maintenance;

/// <summary>The arguments of <c>hbdr prune</c>.</summary>
internal sealed class PruneArguments
{
    private readonly Option<int> last = Keep("last", "The newest N points of each host");
    private readonly Option<int> hourly = Keep("hourly", "The newest point of each of the latest N hours that have one (UTC)");
    private readonly Option<int> daily = Keep("daily", "The same for days");
    private readonly Option<int> weekly = Keep("weekly", "The same for weeks, which begin on Monday");
    private readonly Option<int> monthly = Keep("monthly", "The same for months");
    private readonly Option<int> yearly = Keep("yearly", "The same for years");
    private readonly Option<string?> host = new("--host") { Description = "Only this host's points", HelpName = "NAME" };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Only say what would be kept and what would go" };
    private readonly Option<bool> noRetention = new("--no-retention") { Description = "Delete no point; only free what no point needs" };

    private Option<int>[] Rules => [last, hourly, daily, weekly, monthly, yearly];

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[.. Rules, host, dryRun, noRetention]) command.Add(option);
    }

    public PruneCommand.Options Read(ParseResult parsed, RepositoryPlace repository)
    {
        var policy = new RetentionPolicy
        {
            Last = parsed.GetValue(last),
            Hourly = parsed.GetValue(hourly),
            Daily = parsed.GetValue(daily),
            Weekly = parsed.GetValue(weekly),
            Monthly = parsed.GetValue(monthly),
            Yearly = parsed.GetValue(yearly),
        };
        var isRuled = Rules.Any(rule => parsed.GetValue(rule) != 0);
        var options = new PruneCommand.Options(repository, policy, parsed.GetValue(host), parsed.GetValue(dryRun));
        if (!parsed.GetValue(noRetention)) return isRuled ? options : throw Wrong("say what is kept, for example --keep-daily 14, or --no-retention");
        if (isRuled || options.Host is not null || options.DryRun) throw Wrong("--no-retention has nothing to do with points, hosts and trials");
        return options with { Policy = null };
    }

    private static Option<int> Keep(string rule, string description) => new($"--keep-{rule}") { Description = description, HelpName = "N" };

    private static EngineException Wrong(string message) => new(Fault.InvalidArgument, "prune", message);
}
