using System.CommandLine;
using System.Text.Json.Nodes;
using HyperBdr.Cli.Calls;
using HyperBdr.Cli.Output;

namespace HyperBdr.Cli.Commands;

/// <summary><c>hyperbdr repositories</c> and <c>hyperbdr keys</c>: what a pool holds, how it is cared for, and who can open it.</summary>
internal static class RepositoryCommands
{
    private const string Repositories = "/api/v1/storplus/repositories";

    private static readonly Column[] Columns =
    [
        Column.Field("POOL", "pool_name"), Column.Field("POINTS", "points"), Column.Size("USED", "used_bytes"), Column.Size("SAVED BY DEDUP", "saved_by_deduplication"), Column.Size("SAVED BY COMPRESSION", "saved_by_compression"),
        new Column("GROWTH/DAY", r => Fields.Text(r, "growth_per_day").Length == 0 ? "" : Sizes.Text(Fields.Number(r, "growth_per_day"))), Column.Field("DAYS TO FULL", "days_to_full"),
        new Column("STATE", State), Column.Field("ID", "id"),
    ];

    public static Command Create(Func<ParseResult, Session> open) => new("repositories", "What pools hold: capacity, verification, collection, import") { List(open), Show(open), Run(open), Runs(open) };

    public static Command CreateKeys(Func<ParseResult, Session> open) => new("keys", "Keys of repositories: escrow and rotation") { Escrow(open), Rotate(open) };

    private static Command List(Func<ParseResult, Session> open)
    {
        var command = new Command("list", "List repositories");
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            session.Report.Rows(await Names.AllAsync(session.Console, Repositories, ct), Columns);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Show(Func<ParseResult, Session> open)
    {
        var pool = Pool();
        var command = new Command("show", "Show the repository of a storage pool") { pool };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            session.Report.One(await FindAsync(session, parsed.GetValue(pool)!, ct),
            [
                .. Columns, Column.Field("LOCATION", "location"), Column.Size("FREE", "free_bytes"), Column.Size("TOTAL", "total_bytes"), Column.Field("UNLISTED POINTS", "unlisted"), Column.Field("ESCROW KEY", "escrow.fingerprint"),
                Column.Time("VERIFIED (UTC)", "last_verify.ended_at"), Column.Field("VERIFICATION", "last_verify.message"), Column.Time("COLLECTED (UTC)", "last_collect.ended_at"),
            ]);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Run(Func<ParseResult, Session> open)
    {
        var (pool, kind) = (Pool(), new Option<string>("--kind") { Description = "verify, scrub, collect or import", Required = true });
        kind.AcceptOnlyFromAmong("verify", "scrub", "collect", "import");
        var command = new Command("run", "Start maintenance now; import lists points that no catalogue has") { pool, kind };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var id = Fields.Text(await FindAsync(session, parsed.GetValue(pool)!, ct), "id");
            var answer = await session.Console.PostAsync($"{Repositories}/{id}/runs", new JsonObject { ["kind"] = parsed.GetValue(kind) }, ct);
            session.Report.Said(answer, $"Run {Fields.Text(answer, "id")} waits for its turn; see: hyperbdr repositories runs");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Runs(Func<ParseResult, Session> open)
    {
        var pool = Pool();
        var command = new Command("runs", "List maintenance, the newest first") { pool };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var id = Fields.Text(await FindAsync(session, parsed.GetValue(pool)!, ct), "id");
            var answer = await session.Console.GetAsync($"{Repositories}/{id}/runs?page_size=50", ct);
            session.Report.Rows([.. Fields.List(answer, "items")], Column.Field("KIND", "kind"), Column.Field("STATE", "state"), Column.Time("START (UTC)", "started_at"), Column.Time("END (UTC)", "ended_at"), Column.Field("CODE", "code"), Column.Field("MESSAGE", "message"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Escrow(Func<ParseResult, Session> open)
    {
        var (pool, key) = (Pool(), new Option<FileInfo>("--public-key") { Description = "PEM file of an offline P-384 pair's public half", Required = true, HelpName = "FILE" });
        var slot = new Option<FileInfo?>("--slot") { Description = "Write the key slot to this file, to be kept beside the private key", HelpName = "FILE" };
        var command = new Command("escrow", "Let an offline private key open a repository") { pool, key, slot };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var pem = await ReadAsync(parsed.GetValue(key)!, ct);
            var id = Fields.Text(await FindAsync(session, parsed.GetValue(pool)!, ct), "id");
            var answer = await session.Console.PostAsync($"{Repositories}/{id}/escrow", new JsonObject { ["public_key"] = pem }, ct);
            if (parsed.GetValue(slot) is { } file) await File.WriteAllBytesAsync(file.FullName, Convert.FromBase64String(Fields.Text(answer, "slot")), ct);
            session.Report.Said(answer, $"Key {Fields.Text(answer, "fingerprint")} opens {Fields.Text(answer, "location")} (slot {Fields.Text(answer, "slot_name")}).");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Rotate(Func<ParseResult, Session> open)
    {
        var pool = Pool();
        var command = new Command("rotate", "Seal new data with a new key") { pool };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var id = Fields.Text(await FindAsync(session, parsed.GetValue(pool)!, ct), "id");
            var answer = await session.Console.PostAsync($"{Repositories}/{id}/rotation", null, ct);
            session.Report.Said(answer, $"New data is sealed in epoch {Fields.Text(answer, "seal_epoch")}.");
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>By its pool's name or id, or by its own id.</summary>
    private static async Task<JsonNode> FindAsync(Session session, string name, CancellationToken ct) =>
        (await Names.AllAsync(session.Console, Repositories, ct)).Find(r => name == Fields.Text(r, "pool_name") || name == Fields.Text(r, "pool_id") || name == Fields.Text(r, "id"))
        ?? throw new CommandFailedException(ExitCodes.Refused, "cli.repository_not_found", $"The pool {name} has no repository; its first sync makes it.");

    private static async Task<string> ReadAsync(FileInfo file, CancellationToken ct)
    {
        try
        {
            return await File.ReadAllTextAsync(file.FullName, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException(ExitCodes.Usage, "cli.file", $"{file} cannot be read: {e.Message}");
        }
    }

    private static string State(JsonNode repository)
    {
        var words = new[] { "damaged", "unreachable", "nearly_full" }.Where(f => Fields.Text(repository, f) == "true").Select(f => f.Replace('_', ' ')).ToList();
        return words.Count == 0 ? "whole" : string.Join(", ", words);
    }

    private static Argument<string> Pool() => new("pool") { Description = "Name or id of the storage pool" };
}
