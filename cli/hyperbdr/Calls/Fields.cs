using System.Globalization;
using System.Text.Json.Nodes;

namespace HyperBdr.Cli.Calls;

/// <summary>Reads answers without knowing more of them than is shown: an absent field is empty.</summary>
internal static class Fields
{
    /// <param name="path">E.g. <c>last_sync.point_at</c>.</param>
    public static JsonNode? At(JsonNode? node, string path)
    {
        foreach (var name in path.Split('.')) node = (node as JsonObject)?[name];
        return node;
    }

    public static string Text(JsonNode? node, string path) => At(node, path) switch
    {
        null => "",
        JsonValue v when v.TryGetValue<string>(out var text) => text,
        var other => other.ToJsonString(),
    };

    public static long Number(JsonNode? node, string path) => long.TryParse(Text(node, path), CultureInfo.InvariantCulture, out var number) ? number : 0;

    public static IEnumerable<JsonNode> List(JsonNode? node, string path) => (At(node, path) as JsonArray)?.OfType<JsonNode>() ?? [];

    /// <summary><c>2026-11-23 08:00:00</c>, UTC; empty when absent.</summary>
    public static string Time(JsonNode? node, string path) =>
        DateTimeOffset.TryParse(Text(node, path), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "";
}

/// <summary>Ids of what people name.</summary>
internal static class Names
{
    /// <param name="list">Address of the list, e.g. <c>/api/v1/ant/hosts</c>.</param>
    /// <param name="what">E.g. <c>host</c>.</param>
    public static async Task<string> IdAsync(ConsoleClient console, string list, string what, string name, CancellationToken ct)
    {
        if (Guid.TryParse(name, CultureInfo.InvariantCulture, out _)) return name;
        var rows = await AllAsync(console, list, ct);
        var found = rows.Where(r => Fields.Text(r, "name") == name).Select(r => Fields.Text(r, "id")).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 => throw new CommandFailedException(ExitCodes.Refused, $"cli.{what}_not_found", $"There is no {what} {name}."),
            _ => throw new CommandFailedException(ExitCodes.Refused, $"cli.{what}_ambiguous", $"{found.Count} are named {name}; use the id of one: {string.Join(", ", found)}"),
        };
    }

    /// <summary>Every page.</summary>
    public static async Task<List<JsonNode>> AllAsync(ConsoleClient console, string list, CancellationToken ct)
    {
        var rows = new List<JsonNode>();
        for (var page = 1; ; page++)
        {
            var answer = await console.GetAsync($"{list}{(list.Contains('?', StringComparison.Ordinal) ? '&' : '?')}page={page}&page_size=500", ct);
            var items = Fields.List(answer, "items").ToList();
            rows.AddRange(items);
            if (items.Count == 0 || rows.Count >= Fields.Number(answer, "total")) return rows;
        }
    }
}
