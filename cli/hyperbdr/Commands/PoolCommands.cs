using System.CommandLine;
using System.Text.Json.Nodes;
using HyperBdr.Cli.Calls;
using HyperBdr.Cli.Output;

namespace HyperBdr.Cli.Commands;

/// <summary><c>hyperbdr pools</c>.</summary>
internal static class PoolCommands
{
    private const string Pools = "/api/v1/storplus/pools";
    private const string SecretVariable = "HYPERBDR_POOL_SECRET_KEY";

    public static Command Create(Func<ParseResult, Session> open) => new("pools", "Storage pools") { List(open), Show(open), Add(open), Probe(open), Delete(open) };

    private static Command List(Func<ParseResult, Session> open)
    {
        var command = new Command("list", "List storage pools");
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            session.Report.Rows(await Names.AllAsync(session.Console, Pools, ct), Column.Field("NAME", "name"), Column.Field("KIND", "kind"), Column.Field("STATE", "state"), Column.Field("REASON", "reason"), Column.Field("ID", "id"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Show(Func<ParseResult, Session> open)
    {
        var pool = new Argument<string>("pool") { Description = "Id or name" };
        var command = new Command("show", "Show a storage pool, its space and what its last check found") { pool };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var view = await session.Console.GetAsync($"{Pools}/{await Names.IdAsync(session.Console, Pools, "pool", parsed.GetValue(pool)!, ct)}", ct);
            session.Report.One(view, Column.Field("NAME", "name"), Column.Field("KIND", "kind"), Column.Field("STATE", "state"), Column.Field("REASON", "reason"), Column.Size("TOTAL", "space.total_bytes"), Column.Size("FREE", "space.free_bytes"), Column.Time("CHECKED (UTC)", "last_probe.at"), Column.Field("ID", "id"));
            if (session.Report.IsJson) return ExitCodes.Done;
            session.Io.Out.WriteLine();
            session.Report.Rows([.. Fields.List(view, "last_probe.findings")], Column.Field("STEP", "step"), Column.Field("PASSED", "passed"), Column.Field("MESSAGE", "message"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Delete(Func<ParseResult, Session> open)
    {
        var pool = new Argument<string>("pool") { Description = "Id or name" };
        var command = new Command("delete", "Forget a storage pool that holds no recovery points") { pool };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var id = await Names.IdAsync(session.Console, Pools, "pool", parsed.GetValue(pool)!, ct);
            session.Report.Said(await session.Console.SendAsync(HttpMethod.Delete, $"{Pools}/{id}", null, ct), "The storage pool is forgotten; what is stored in it stays.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Add(Func<ParseResult, Session> open)
    {
        var name = new Argument<string>("name") { Description = "Name of the new pool" };
        var folder = new Option<string?>("--folder") { Description = "A folder of the console's machine" };
        var gateway = new Option<string?>("--gateway") { Description = "Id or name of a cloud sync gateway" };
        var endpoint = new Option<string?>("--endpoint") { Description = "S3 endpoint, host or host:port" };
        var region = new Option<string>("--region") { Description = "S3 region", DefaultValueFactory = _ => "us-east-1" };
        var bucket = new Option<string?>("--bucket") { Description = "S3 bucket" };
        var key = new Option<string?>("--access-key") { Description = $"S3 access key; its secret is taken from {SecretVariable}" };
        var plain = new Option<bool>("--no-tls") { Description = "The S3 endpoint speaks no TLS" };
        var path = new Option<bool>("--path-style") { Description = "The bucket stands in the path, not in the host name" };
        var command = new Command("add", "Add a storage pool and check it") { name, folder, gateway, endpoint, region, bucket, key, plain, path };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var body = new JsonObject { ["name"] = parsed.GetValue(name) };
            if (parsed.GetValue(folder) is { } place)
            {
                (body["kind"], body["folder"]) = ("folder", new JsonObject { ["path"] = place });
            }
            else if (parsed.GetValue(gateway) is { } machine)
            {
                (body["kind"], body["gateway"]) = ("gateway", new JsonObject { ["machine_id"] = await Names.IdAsync(session.Console, $"{MachineCommands.Machines}?kind=sync_gateway", "gateway", machine, ct) });
            }
            else
            {
                var secret = session.Io.Environment(SecretVariable) ?? throw new CommandFailedException(ExitCodes.Usage, "cli.secret", $"Set {SecretVariable}: a secret on the command line would be seen by others.");
                (body["kind"], body["s3"]) = ("s3", new JsonObject
                {
                    ["endpoint"] = parsed.GetValue(endpoint), ["region"] = parsed.GetValue(region), ["bucket"] = parsed.GetValue(bucket), ["access_key"] = parsed.GetValue(key),
                    ["secret_key"] = secret, ["use_tls"] = !parsed.GetValue(plain), ["lookup"] = parsed.GetValue(path) ? "path" : "dns",
                });
            }

            var answer = await session.Console.PostAsync(Pools, body, ct);
            session.Report.Said(answer, $"Pool {Fields.Text(answer, "pool.id")} is being checked by task {Fields.Text(answer, "probe_task_id")}.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Probe(Func<ParseResult, Session> open)
    {
        var pool = new Argument<string>("pool") { Description = "Id or name" };
        var command = new Command("probe", "Check a storage pool again") { pool };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var id = await Names.IdAsync(session.Console, Pools, "pool", parsed.GetValue(pool)!, ct);
            var answer = await session.Console.PostAsync($"{Pools}/{id}/probes", null, ct);
            session.Report.Said(answer, $"Task {Fields.Text(answer, "task_id")} checks the pool.");
            return ExitCodes.Done;
        });
        return command;
    }
}
