using System.CommandLine;
using System.Text.Json.Nodes;
using HyperBdr.Cli.Calls;

namespace HyperBdr.Cli.Commands;

/// <summary><c>hyperbdr install-command</c>: makes an enrolment token and shows the line that installs a machine with it.</summary>
internal static class InstallCommand
{
    public static Command Create(Func<ParseResult, Session> open)
    {
        var type = new Option<string>("--type") { Description = "linux or gateway", DefaultValueFactory = _ => "linux" };
        type.AcceptOnlyFromAmong("linux", "gateway");
        var name = new Option<string>("--name") { Description = "Name of the token", DefaultValueFactory = _ => "hyperbdr" };
        var lifetime = new Option<int>("--lifetime") { Description = "Seconds for which it can be used (60 to 3600)", DefaultValueFactory = _ => 3600 };
        var command = new Command("install-command", "Show the line that installs an agent or a sync gateway") { type, name, lifetime };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var answer = await session.Console.PostAsync("/api/v1/porter/install-commands", new JsonObject { ["name"] = parsed.GetValue(name), ["lifetime_s"] = parsed.GetValue(lifetime) }, ct);
            session.Report.Said(answer, Fields.Text(answer, parsed.GetValue(type)!));
            return ExitCodes.Done;
        });
        return command;
    }
}
