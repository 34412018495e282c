namespace HyperBdr.Gateway.Routes;

/// <summary>What a route carries; decides limits, checks and the time it may last.</summary>
internal enum RouteKind
{
    /// <summary>Not a proxied route: files of the web pages, health, unknown addresses.</summary>
    None,
    /// <summary>Plain HTTP calls with a small body.</summary>
    Rest,
    /// <summary>As <see cref="Rest"/>, before a session exists: stricter limit, stale credentials do no harm.</summary>
    SignIn,
    /// <summary>The description of a service's API, for anybody signed in.</summary>
    Document,
    /// <summary>SignalR: negotiation and WebSocket of a page.</summary>
    Hub,
    /// <summary>gRPC, unary or streams, for people's tools.</summary>
    Grpc,
    /// <summary>gRPC of a machine that has no certificate yet: proven by a token that the service checks, strictly limited by address.</summary>
    EnrolGrpc,
    /// <summary>gRPC of agents, by client certificate.</summary>
    AgentGrpc,
    /// <summary>WebSocket of sync gateways, by client certificate.</summary>
    AgentSocket,
}
