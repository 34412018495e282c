using System.CommandLine;
using System.Text.Json.Nodes;
using HyperBdr.Cli.Calls;
using HyperBdr.Cli.Output;

namespace HyperBdr.Cli.Commands;

/// <summary><c>hyperbdr points</c>.</summary>
internal static class PointCommands
{
    private const string Points = "/api/v1/storplus/points";

    private static readonly Column[] Columns =
    [
        Column.Field("POINT", "id"), Column.Time("TIME (UTC)", "taken_at"), Column.Field("HOST", "host_name"), Column.Field("STATE", "state"), Column.Field("MODE", "mode"),
        Column.Field("CONSISTENCY", "consistency"), Column.Size("SIZE", "length_bytes"), Column.Size("READ", "read_bytes"), Column.Size("SENT", "sent_bytes"), Column.Size("STORED", "stored_bytes"),
        Column.Duration("DURATION", "duration_us"), Column.Duration("FREEZE", "freeze_us"), new Column("WHOLE", p => Fields.Text(p, "available") == "true" ? "yes" : "NO"), Column.Field("HOLD", "hold.reason"),
    ];

    public static Command Create(Func<ParseResult, Session> open) => new("points", "Recovery points") { List(open), Show(open), Hold(open), Delete(open) };

    private static Command List(Func<ParseResult, Session> open)
    {
        var host = new Option<string?>("--host") { Description = "Only this host's" };
        var command = new Command("list", "List recovery points, the newest first") { host };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var filter = parsed.GetValue(host) is { } name ? $"?host_id={await Names.IdAsync(session.Console, "/api/v1/ant/hosts", "host", name, ct)}" : "";
            session.Report.Rows(await Names.AllAsync(session.Console, Points + filter, ct), Columns);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Show(Func<ParseResult, Session> open)
    {
        var point = Point();
        var command = new Command("show", "Show one recovery point") { point };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            session.Report.One(await session.Console.GetAsync(Path(parsed, point), ct), [.. Columns, Column.Field("REASON", "reason"), Column.Field("DAMAGE", "damage"), Column.Field("WHY NOT MORE CONSISTENT", "consistency_reason"), Column.Field("WHY THIS MODE", "mode_reason"), Column.Time("RETAINED UNTIL (UTC)", "retained_until")]);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Hold(Func<ParseResult, Session> open)
    {
        var point = Point();
        var reason = new Option<string?>("--reason") { Description = "Why it must stay" };
        var release = new Option<bool>("--release") { Description = "End the hold" };
        var command = new Command("hold", "Keep a recovery point until the hold is released") { point, reason, release };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var ends = parsed.GetValue(release);
            var answer = await session.Console.SendAsync(ends ? HttpMethod.Delete : HttpMethod.Put, $"{Path(parsed, point)}/hold", ends ? null : new JsonObject { ["reason"] = parsed.GetValue(reason) }, ct);
            session.Report.Said(answer, ends ? "The hold is released." : "The recovery point is held.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Delete(Func<ParseResult, Session> open)
    {
        var point = Point();
        var confirm = new Option<string>("--confirm") { Description = "The host's name", Required = true };
        var last = new Option<bool>("--last-good") { Description = "Even when it is the host's last good one" };
        var command = new Command("delete", "Delete a recovery point") { point, confirm, last };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var answer = await session.Console.SendAsync(HttpMethod.Delete, $"{Path(parsed, point)}?confirm={Uri.EscapeDataString(parsed.GetValue(confirm)!)}&last_good={(parsed.GetValue(last) ? "true" : "false")}", null, ct);
            session.Report.Said(answer, "The recovery point is being deleted.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static string Path(ParseResult parsed, Argument<string> point) => $"{Points}/{Uri.EscapeDataString(parsed.GetValue(point)!)}";

    private static Argument<string> Point() => new("point") { Description = "Id" };
}
