using System.CommandLine;
using System.Text.Json.Nodes;
using HyperBdr.Cli.Calls;
using HyperBdr.Cli.Output;

namespace HyperBdr.Cli.Commands;

/// <summary><c>hyperbdr hosts</c>.</summary>
internal static class HostCommands
{
    private const string Hosts = "/api/v1/ant/hosts";

    private static readonly Column[] Columns =
    [
        Column.Field("NAME", "name"), Column.Field("STEP", "stage"), Column.Field("STATUS", "status"), Column.Field("HEALTH", "health"),
        Column.Field("POOL", "pool_name"), Column.Field("POLICY", "policy_name"), Column.Time("LAST POINT (UTC)", "last_sync.point_at"), Column.Field("ID", "id"),
    ];

    public static Command Create(Func<ParseResult, Session> open)
    {
        var command = new Command("hosts", "Hosts: their steps, syncs and readiness") { List(open), Show(open), Readiness(open), Ticks(open) };
        command.Add(Bulk(open, "register", "Choose hosts for protection"));
        command.Add(Setup(open));
        command.Add(Sync(open));
        command.Add(Bulk(open, "stop", "Stop the running syncs of hosts"));
        command.Add(Bulk(open, "takeover", "Say that another machine carries the hosts' business: schedules pause"));
        command.Add(Bulk(open, "release-takeover", "Say that the hosts carry their business again"));
        command.Add(Deregister(open));
        return command;
    }

    private static Command List(Func<ParseResult, Session> open)
    {
        var stage = new Option<string?>("--step") { Description = "select_host, setup_dr, start_dr or deregistered" };
        var command = new Command("list", "List hosts") { stage };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            session.Report.Rows(await Names.AllAsync(session.Console, parsed.GetValue(stage) is { } s ? $"{Hosts}?stage={Uri.EscapeDataString(s)}" : Hosts, ct), Columns);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Show(Func<ParseResult, Session> open)
    {
        var host = Host();
        var command = new Command("show", "Show one host") { host };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var id = await Names.IdAsync(session.Console, Hosts, "host", parsed.GetValue(host)!, ct);
            session.Report.One(await session.Console.GetAsync($"{Hosts}/{id}", ct),
            [
                .. Columns, Column.Field("REASON", "reason"), Column.Field("TASK", "task_id"), Column.Field("OS", "facts.os_name"), Column.Field("DISKS", "facts.disk_count"),
                Column.Time("NEXT TICK (UTC)", "next_tick_at"), Column.Field("NEEDS FULL", "needs_full"), Column.Size("CHANGES A DAY", "change_bytes_per_day"), Column.Time("LICENCE UNTIL (UTC)", "licence.expires_at"), Column.Time("TAKEN OVER (UTC)", "taken_over_at"),
            ]);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Readiness(Func<ParseResult, Session> open)
    {
        var host = Host();
        var command = new Command("readiness", "Say whether a host can be synchronised and recovered, with evidence") { host };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var id = await Names.IdAsync(session.Console, Hosts, "host", parsed.GetValue(host)!, ct);
            var view = await session.Console.GetAsync($"{Hosts}/{id}/readiness", ct);
            var state = Fields.Text(view, "state");
            if (session.Report.IsJson)
            {
                session.Report.Said(view, state);
            }
            else
            {
                session.Io.Out.WriteLine(state);
                session.Report.Rows([.. Fields.List(view, "findings")], Column.Field("STATE", "state"), Column.Field("FINDING", "code"), Column.Field("MESSAGE", "message"), Column.Field("EVIDENCE", "evidence"), new Column("AGE", f => $"{Fields.Number(f, "age_s")} s"));
            }

            return state is "blocked" or "unknown" ? ExitCodes.NotReady : ExitCodes.Done;
        });
        return command;
    }

    private static Command Ticks(Func<ParseResult, Session> open)
    {
        var host = Host();
        var command = new Command("ticks", "Show what the scheduler decided for a host, the newest first") { host };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var id = await Names.IdAsync(session.Console, Hosts, "host", parsed.GetValue(host)!, ct);
            var answer = await session.Console.GetAsync($"{Hosts}/{id}/ticks?page_size=50", ct);
            session.Report.Rows([.. Fields.List(answer, "items")], Column.Time("TIME (UTC)", "at"), Column.Field("MODE", "mode"), Column.Field("DECISION", "decision"), Column.Field("MISSED BEFORE", "missed"), Column.Field("TASK", "task_id"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Bulk(Func<ParseResult, Session> open, string verb, string description)
    {
        var hosts = Several();
        var command = new Command(verb, description) { hosts };
        command.SetAction((parsed, ct) => SendAsync(open, parsed, hosts, verb, (_, _) => Task.CompletedTask, ct));
        return command;
    }

    private static Command Setup(Func<ParseResult, Session> open)
    {
        var hosts = Several();
        var pool = new Option<string>("--pool") { Description = "Storage pool", Required = true };
        var policy = new Option<string?>("--policy") { Description = "Policy to attach" };
        var exclude = new Option<string[]>("--exclude-disk") { Description = "Id of a disk that takes no part (for one host)", AllowMultipleArgumentsPerToken = false };
        var command = new Command("setup", "Set up disaster recovery into a storage pool") { hosts, pool, policy, exclude };
        command.SetAction((parsed, ct) => SendAsync(open, parsed, hosts, "setup", async (session, body) =>
        {
            body["pool_id"] = await Names.IdAsync(session.Console, "/api/v1/storplus/pools", "pool", parsed.GetValue(pool)!, ct);
            if (parsed.GetValue(policy) is { } name) body["policy_id"] = await Names.IdAsync(session.Console, "/api/v1/ant/policies", "policy", name, ct);
            if (parsed.GetValue(exclude) is { Length: > 0 } disks) body["excluded_disks"] = new JsonArray([.. disks.Select(d => (JsonNode)d)]);
        }, ct));
        return command;
    }

    private static Command Sync(Func<ParseResult, Session> open)
    {
        var hosts = Several();
        var full = new Option<bool>("--full") { Description = "Read everything" };
        var limit = new Option<decimal?>("--limit") { Description = "Mbps for this run; 0: none of its own" };
        var command = new Command("sync", "Synchronise hosts now") { hosts, full, limit };
        command.SetAction((parsed, ct) => SendAsync(open, parsed, hosts, "sync", (_, body) =>
        {
            if (parsed.GetValue(full)) body["mode"] = "full";
            if (parsed.GetValue(limit) is { } mbps) body["transfer_speed"] = mbps;
            return Task.CompletedTask;
        }, ct));
        return command;
    }

    private static Command Deregister(Func<ParseResult, Session> open)
    {
        var hosts = Several();
        var unprotected = new Option<bool>("--confirm-unprotected") { Description = "I know that nothing is synchronised any more" };
        var points = new Option<bool>("--confirm-points-deleted") { Description = "I know that recovery points are deleted" };
        var keep = new Option<bool>("--keep-points") { Description = "Recovery points stay until somebody deletes them" };
        var force = new Option<bool>("--force") { Description = "Also hosts that are offline" };
        var command = new Command("deregister", "Give up the protection of hosts") { hosts, unprotected, points, keep, force };
        command.SetAction((parsed, ct) => SendAsync(open, parsed, hosts, "deregister", (_, body) =>
        {
            body["confirm_unprotected"] = parsed.GetValue(unprotected);
            body["confirm_points_deleted"] = parsed.GetValue(points);
            body["keep_points"] = parsed.GetValue(keep);
            body["force"] = parsed.GetValue(force);
            return Task.CompletedTask;
        }, ct));
        return command;
    }

    private static async Task<int> SendAsync(Func<ParseResult, Session> open, ParseResult parsed, Argument<string[]> hosts, string verb, Func<Session, JsonObject, Task> fill, CancellationToken ct)
    {
        using var session = open(parsed);
        var ids = new JsonArray();
        foreach (var name in parsed.GetValue(hosts)!) ids.Add((JsonNode)await Names.IdAsync(session.Console, Hosts, "host", name, ct));
        var body = new JsonObject { ["ids"] = ids };
        await fill(session, body);
        return ShowResults(session, await session.Console.PostAsync($"{Hosts}/{verb}", body, ct));
    }

    /// <summary>One line per host.</summary>
    internal static int ShowResults(Session session, JsonNode answer)
    {
        var results = Fields.List(answer, "results").ToList();
        if (session.Report.IsJson) session.Report.Said(answer, "");
        else session.Report.Rows(results, Column.Field("HOST", "id"), new Column("RESULT", r => Accepted(r) ? "accepted" : Fields.Text(r, "code")), Column.Field("TASK", "task_id"), Column.Field("MESSAGE", "message"));
        return results.TrueForAll(Accepted) ? ExitCodes.Done : ExitCodes.Partly;
    }

    private static bool Accepted(JsonNode result) => Fields.Text(result, "accepted") == "true";

    private static Argument<string> Host() => new("host") { Description = "Id or name" };

    private static Argument<string[]> Several() => new("hosts") { Description = "Ids or names", Arity = ArgumentArity.OneOrMore };
}
