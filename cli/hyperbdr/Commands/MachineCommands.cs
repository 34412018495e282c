using System.CommandLine;
using System.Text.Json.Nodes;
using HyperBdr.Cli.Calls;
using HyperBdr.Cli.Output;

namespace HyperBdr.Cli.Commands;

/// <summary><c>hyperbdr machines</c> and <c>hyperbdr licences</c>.</summary>
internal static class MachineCommands
{
    public const string Machines = "/api/v1/porter/machines";
    private const string Licences = "/api/v1/identity/licences";

    public static Command Create(Func<ParseResult, Session> open)
    {
        var kind = new Option<string?>("--kind") { Description = "linux_agent or sync_gateway" };
        var list = new Command("list", "List enrolled machines") { kind };
        list.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var path = parsed.GetValue(kind) is { } wanted ? $"{Machines}?kind={Uri.EscapeDataString(wanted)}" : Machines;
            session.Report.Rows(await Names.AllAsync(session.Console, path, ct), Column.Field("NAME", "name"), Column.Field("KIND", "kind"), Column.Field("AVAILABILITY", "availability"), Column.Field("VERSION", "version"), Column.Time("LAST SEEN (UTC)", "last_seen_at"), Column.Field("ID", "id"));
            return ExitCodes.Done;
        });
        return new Command("machines", "Agents and cloud sync gateways") { list };
    }

    public static Command CreateLicences(Func<ParseResult, Session> open) => new("licences", "Licences: how many hosts may be protected, and until when") { List(open), Registration(open), Activate(open) };

    private static Command List(Func<ParseResult, Session> open)
    {
        var command = new Command("list", "List licences, the one that ends first at the top");
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            session.Report.Rows(await Names.AllAsync(session.Console, Licences, ct), Column.Field("KIND", "kind"), Column.Field("TOTAL", "total"), Column.Field("IN USE", "in_use"), Column.Field("STATUS", "status"), Column.Time("EXPIRES (UTC)", "expires_at"), Column.Field("ORIGIN", "origin"), Column.Field("ID", "id"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Registration(Func<ParseResult, Session> open)
    {
        var kind = new Option<string>("--kind") { Description = "dr, failback or migration", DefaultValueFactory = _ => "dr" };
        var command = new Command("registration", "Show the registration code to send to the seller") { kind };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var answer = await session.Console.GetAsync($"{Licences}/registration?kind={Uri.EscapeDataString(parsed.GetValue(kind)!)}", ct);
            session.Report.Said(answer, Fields.Text(answer, "code"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Activate(Func<ParseResult, Session> open)
    {
        var code = new Argument<string>("code") { Description = "What the seller sent back" };
        var command = new Command("activate", "Activate a licence") { code };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var answer = await session.Console.PostAsync(Licences, new JsonObject { ["activation_code"] = parsed.GetValue(code) }, ct);
            session.Report.Said(answer, $"{Fields.Text(answer, "total")} hosts may be protected until {Fields.Time(answer, "expires_at")} UTC.");
            return ExitCodes.Done;
        });
        return command;
    }
}
