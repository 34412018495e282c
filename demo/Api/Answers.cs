using System.Text.Json.Nodes;

namespace HyperBdr.Demo.Api;

/// <summary>Reads answers of the suite.</summary>
internal static class Answers
{
    /// <exception cref="ApiException">Any answer but 2xx.</exception>
    public static async Task<JsonNode> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var text = await response.Content.ReadAsStringAsync(ct);
        if (!response.IsSuccessStatusCode) throw new ApiException($"{response.RequestMessage!.Method} {response.RequestMessage.RequestUri!.PathAndQuery}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }

    public static string Text(this JsonNode node, string name) => node[name]?.ToString() ?? throw new ApiException($"The answer has no {name}: {node.ToJsonString()}");

    public static long Number(this JsonNode node, string name) => node[name] is { } value ? value.GetValue<long>() : 0;

    public static DateTimeOffset? Time(this JsonNode node, string name) => node[name]?.GetValue<DateTimeOffset>();
}
