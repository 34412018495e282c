using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Owl.Features.DeadLetters;

/// <summary>How many messages of each service nobody could handle.</summary>
internal static class ListDeadLetters
{
    private static readonly string[] Consumers = ["ant", "identity", "owl", "porter", "report", "storplus"];

    public sealed record Row(string Queue, long Count);

    public sealed record Response(IReadOnlyList<Row> Items);

    public static void Map(RouteGroupBuilder group) =>
        group.MapGet("/", async (ServiceDefaults.Messaging.DeadLetters letters, CancellationToken ct) =>
                TypedResults.Ok(new Response([.. (await letters.CountAsync(Consumers, ct)).Select(c => new Row(c.Key, c.Value))])))
            .WithName("owl.dead_letters.list")
            .RequirePermission(Permissions.SuiteRead);
}
