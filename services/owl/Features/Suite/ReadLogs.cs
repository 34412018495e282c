using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Owl.Features.Suite;

/// <summary>The last lines of a service's log.</summary>
internal static class ReadLogs
{
    private const int Most = 2000;

    public sealed record Response(IReadOnlyList<string> Lines);

    public static void Map(RouteGroupBuilder suite) =>
        suite.MapGet("/services/{name}/logs", async (string name, int? tail, ControlSocket control, CancellationToken ct) =>
                (await control.LogsAsync(name, Math.Clamp(tail ?? 200, 1, Most), ct)).ToHttp(text => TypedResults.Ok(new Response(LinesOf(text)))))
            .WithName("owl.suite.logs")
            .Produces<Response>()
            .RequirePermission(Permissions.SuiteRead);

    private static string[] LinesOf(string text) => text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');
}
