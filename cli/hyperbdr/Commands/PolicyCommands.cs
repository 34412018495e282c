using System.CommandLine;
using System.Text.Json.Nodes;
using HyperBdr.Cli.Calls;
using HyperBdr.Cli.Output;

namespace HyperBdr.Cli.Commands;

/// <summary><c>hyperbdr policies</c>.</summary>
internal static class PolicyCommands
{
    private const string Policies = "/api/v1/ant/policies";

    public static Command Create(Func<ParseResult, Session> open) => new("policies", "Policies: schedules, windows, retention") 
    {
        List(open), New(open), Attach(open), Next(open),
        One(open, "enable", "Enable a policy", HttpMethod.Post, "/enable"), One(open, "disable", "Disable a policy: no ticks, no windows, no retention", HttpMethod.Post, "/disable"),
        One(open, "delete", "Delete a policy that no host is attached to", HttpMethod.Delete, ""),
    };

    private static Command List(Func<ParseResult, Session> open)
    {
        var command = new Command("list", "List policies");
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            session.Report.Rows(await Names.AllAsync(session.Console, Policies, ct), Column.Field("NAME", "name"), Column.Field("ENABLED", "enabled"), Column.Field("QUOTA", "quota"),
                Column.Field("ZONE", "time_zone_text"), Column.Field("HOSTS", "host_count"), Column.Time("NEXT (UTC)", "next_tick_at"), Column.Field("ID", "id"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command New(Func<ParseResult, Session> open)
    {
        var name = new Argument<string>("name") { Description = "Name of the new policy" };
        var zone = new Option<string>("--time-zone") { Description = "IANA name", DefaultValueFactory = _ => "UTC" };
        var start = new Option<string?>("--start") { Description = "Local date and time before which nothing runs; now when left out" };
        var quota = new Option<int?>("--quota") { Description = "Recovery points per host (1 to 128)" };
        var incremental = new Option<string?>("--incremental") { Description = "Crontab expression, or a period: 5m to 59m, 1h to 23h" };
        var full = new Option<string?>("--full") { Description = "The same for full syncs" };
        var limit = new Option<string[]>("--limit") { Description = "Speed limit in a window FROM-TO=MBPS, e.g. 09:00-18:00=50, or on some days mon,tue@09:00-18:00=50", HelpName = "WINDOW" };
        var keep = new Option<string[]>("--keep") { Description = "Retention rule PERIOD/N/KEEP/UNIT, e.g. day/1/7/day", HelpName = "RULE" };
        var command = new Command("create", "Create a policy") { name, zone, start, quota, incremental, full, limit, keep };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var body = new JsonObject
            {
                ["name"] = parsed.GetValue(name), ["time_zone"] = parsed.GetValue(zone),
                // The day before: whatever the zone, it has begun.
                ["start_time"] = parsed.GetValue(start) ?? session.Io.Time.GetUtcNow().AddDays(-1).ToString("yyyy-MM-dd'T'HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture),
            };
            if (parsed.GetValue(quota) is { } points) body["quota"] = points;
            if (parsed.GetValue(incremental) is { } i) body["incremental"] = Schedule(i);
            if (parsed.GetValue(full) is { } f) body["full"] = Schedule(f);
            if (parsed.GetValue(limit) is { Length: > 0 } windows) body["speed_limit"] = new JsonArray([.. windows.Select(Window)]);
            if (parsed.GetValue(keep) is { Length: > 0 } rules) body["retention"] = new JsonArray([.. rules.Select(Rule)]);
            var answer = await session.Console.PostAsync(Policies, body, ct);
            session.Report.Said(answer, $"Policy {Fields.Text(answer, "id")} is created.");
            if (!session.Report.IsJson) foreach (var warning in Fields.List(answer, "warnings")) session.Io.Error.WriteLine(warning.ToString());
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command One(Func<ParseResult, Session> open, string name, string description, HttpMethod method, string verb)
    {
        var policy = new Argument<string>("policy") { Description = "Id or name" };
        var command = new Command(name, description) { policy };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var id = await Names.IdAsync(session.Console, Policies, "policy", parsed.GetValue(policy)!, ct);
            session.Report.Said(await session.Console.SendAsync(method, $"{Policies}/{id}{verb}", null, ct), "Done.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static JsonNode Window(string text)
    {
        var (days, rest) = text.Split('@') is [var named, var after] ? (named, after) : ("", text);
        if (rest.Split('=') is not [var period, var mbps] || period.Split('-') is not [var from, var to] || !decimal.TryParse(mbps, System.Globalization.CultureInfo.InvariantCulture, out var limit))
            throw new CommandFailedException(ExitCodes.Usage, "cli.usage", $"{text} is no speed limit; write FROM-TO=MBPS, e.g. 09:00-18:00=50 or mon,tue@09:00-18:00=50.");
        var window = new JsonObject { ["cycle"] = days.Length == 0 ? "days" : "weekly", ["from"] = from, ["to"] = to, ["mbps"] = limit };
        if (days.Length == 0) window["every"] = 1;
        else window["weekdays"] = new JsonArray([.. days.Split(',').Select(d => (JsonNode)Weekday(d))]);
        return window;
    }

    private static string Weekday(string text) =>
        new[] { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" }.FirstOrDefault(d => text.Length >= 3 && d.StartsWith(text, StringComparison.OrdinalIgnoreCase))
        ?? throw new CommandFailedException(ExitCodes.Usage, "cli.usage", $"{text} is no weekday; write mon, tue, …");

    private static Command Attach(Func<ParseResult, Session> open)
    {
        var policy = new Argument<string>("policy") { Description = "Id or name" };
        var hosts = new Argument<string[]>("hosts") { Description = "Ids or names", Arity = ArgumentArity.OneOrMore };
        var detach = new Option<bool>("--detach") { Description = "Take the hosts from the policy instead" };
        var command = new Command("attach", "Attach hosts to a policy") { policy, hosts, detach };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var id = await Names.IdAsync(session.Console, Policies, "policy", parsed.GetValue(policy)!, ct);
            var ids = new JsonArray();
            foreach (var name in parsed.GetValue(hosts)!) ids.Add((JsonNode)await Names.IdAsync(session.Console, "/api/v1/ant/hosts", "host", name, ct));
            return HostCommands.ShowResults(session, await session.Console.PostAsync($"{Policies}/{id}/hosts", new JsonObject { [parsed.GetValue(detach) ? "detach" : "attach"] = ids }, ct));
        });
        return command;
    }

    private static Command Next(Func<ParseResult, Session> open)
    {
        var policy = new Argument<string>("policy") { Description = "Id or name" };
        var command = new Command("next", "Show the next execution times") { policy };
        command.SetAction(async (parsed, ct) =>
        {
            using var session = open(parsed);
            var id = await Names.IdAsync(session.Console, Policies, "policy", parsed.GetValue(policy)!, ct);
            var times = await session.Console.GetAsync($"{Policies}/{id}/next", ct);
            if (session.Report.IsJson)
            {
                session.Report.Said(times, "");
                return ExitCodes.Done;
            }

            var rows = new[] { "incremental", "full" }.SelectMany(mode => Fields.List(times, mode).Select(t => (JsonNode)new JsonObject { ["mode"] = mode, ["at"] = t.DeepClone() })).OrderBy(r => Fields.Text(r, "at"), StringComparer.Ordinal);
            session.Report.Rows([.. rows], Column.Time("TIME (UTC)", "at"), Column.Field("MODE", "mode"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static JsonObject Schedule(string text)
    {
        var unit = text.Length > 1 && int.TryParse(text[..^1], System.Globalization.CultureInfo.InvariantCulture, out _) ? text[^1] : ' ';
        return unit switch
        {
            'm' => new JsonObject { ["cycle"] = "minutes", ["every"] = int.Parse(text[..^1], System.Globalization.CultureInfo.InvariantCulture) },
            'h' => new JsonObject { ["cycle"] = "hours", ["every"] = int.Parse(text[..^1], System.Globalization.CultureInfo.InvariantCulture) },
            _ => new JsonObject { ["cron"] = text },
        };
    }

    private static JsonNode Rule(string text) => text.Split('/') is [var period, var n, var keep, var unit] && int.TryParse(n, System.Globalization.CultureInfo.InvariantCulture, out var ordinal) && int.TryParse(keep, System.Globalization.CultureInfo.InvariantCulture, out var units)
        ? new JsonObject { ["period"] = period, ["ordinal"] = ordinal, ["keep"] = units, ["unit"] = unit }
        : throw new CommandFailedException(ExitCodes.Usage, "cli.usage", $"{text} is no retention rule; write PERIOD/N/KEEP/UNIT, e.g. day/1/7/day.");
}
