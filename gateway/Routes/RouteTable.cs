using System.Collections.Frozen;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace HyperBdr.Gateway.Routes;

/// <summary>Every address that reaches a service. What is not listed here is not reachable from outside.</summary>
internal static class RouteTable
{
    public static readonly string[] Services = ["identity", "porter", "storplus", "ant", "owl", "report"];

    public const string Duplex = "/duplex/gateway/v1";

    /// <summary>gRPC services for people's tools; the others (Principals, Machines, Commands, ...) are between services only.</summary>
    private static readonly (string Service, string Name)[] PublicGrpc =
        [("porter", "EnrolmentTokens"), ("storplus", "Pools"), ("ant", "Tasks"), ("owl", "AuditTrail"), ("report", "Exports")];

    private static readonly (string Service, string Name)[] EnrolGrpc = [("porter", "Enrollment")];

    private static readonly (string Service, string Name)[] AgentGrpc = [("porter", "AgentLink")];

    private static readonly string[] SignInPaths =
        ["/api/v1/identity/session", "/api/v1/identity/session/totp", "/hypermotion/v1/users/token", "/api/v2/loginNoImageCaptcha", "/api/v2/loginMfa", "/api/v2/refreshToken"];

    private static readonly IReadOnlyList<(RouteConfig Config, RouteKind Kind)> All = [.. Make()];
    private static readonly FrozenDictionary<string, RouteKind> Kinds = All.ToFrozenDictionary(r => r.Config.RouteId, r => r.Kind, StringComparer.Ordinal);
    private static readonly PathString[] AgentPaths = [Duplex, .. AgentGrpc.Select(g => new PathString($"/{GrpcName(g)}"))];

    public static IReadOnlyList<RouteConfig> Routes => [.. All.Select(r => r.Config)];

    public static RouteKind KindOf(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<RouteModel>() is { } route ? Kinds[route.Config.RouteId] : RouteKind.None;

    public static bool IsIdentity(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<RouteModel>()?.Config.ClusterId is "identity";

    public static bool IsAgentPath(PathString path) => Array.Exists(AgentPaths, p => path.StartsWithSegments(p, StringComparison.OrdinalIgnoreCase));

    /// <summary>Addresses of programs: an unknown one is a refusal, never a page.</summary>
    public static bool IsApiPath(PathString path) => path.Value is { } value
        && (IsUnder(path, "/api") || IsUnder(path, "/hypermotion") || IsUnder(path, "/duplex") || value.StartsWith("/hyperbdr.", StringComparison.OrdinalIgnoreCase) || value.StartsWith("/grpc.", StringComparison.OrdinalIgnoreCase));

    private static bool IsUnder(PathString path, PathString root) => path.StartsWithSegments(root, StringComparison.OrdinalIgnoreCase);

    private static string GrpcName((string Service, string Name) g) => $"hyperbdr.{g.Service}.v1.{g.Name}";

    private static IEnumerable<(RouteConfig Config, RouteKind Kind)> Make()
    {
        foreach (var service in Services)
        {
            yield return Route(RouteKind.Rest, $"rest-{service}", $"/api/v1/{service}/{{**rest}}", service);
            yield return Route(RouteKind.Document, $"document-{service}", $"/api/v1/{service}/openapi.json", service, ["GET"], "/openapi/v1.json");
        }

        foreach (var path in SignInPaths) yield return Route(RouteKind.SignIn, $"sign-in{path}", path, "identity", ["POST"]);
        yield return Route(RouteKind.Rest, "v2-logout", "/api/v2/logout", "identity", ["POST"]);
        yield return Route(RouteKind.Rest, "v1-users", "/hypermotion/v1/users/{**rest}", "identity");
        yield return Route(RouteKind.Rest, "v1", "/hypermotion/v1/{**rest}", "porter");
        yield return Route(RouteKind.Hub, "hub-owl", "/api/v1/owl/live/{**rest}", Clusters.Live("owl"));
        yield return Route(RouteKind.AgentSocket, "duplex", Duplex, Clusters.Live("porter"));
        foreach (var g in PublicGrpc) yield return Route(RouteKind.Grpc, $"grpc-{GrpcName(g)}", $"/{GrpcName(g)}/{{method}}", Clusters.Grpc(g.Service), ["POST"]);
        foreach (var g in EnrolGrpc) yield return Route(RouteKind.EnrolGrpc, $"grpc-{GrpcName(g)}", $"/{GrpcName(g)}/{{method}}", Clusters.Grpc(g.Service), ["POST"]);
        foreach (var g in AgentGrpc) yield return Route(RouteKind.AgentGrpc, $"grpc-{GrpcName(g)}", $"/{GrpcName(g)}/{{method}}", Clusters.Grpc(g.Service), ["POST"]);
    }

    private static (RouteConfig Config, RouteKind Kind) Route(RouteKind kind, string id, string path, string cluster, IReadOnlyList<string>? methods = null, string? target = null) => (new RouteConfig
    {
        RouteId = id,
        ClusterId = cluster,
        Match = new RouteMatch { Path = path, Methods = methods },
        Transforms = target is null ? null : [new Dictionary<string, string>(StringComparer.Ordinal) { ["PathSet"] = target }],
    }, kind);
}
