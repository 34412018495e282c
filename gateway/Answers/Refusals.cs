using System.Diagnostics;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults;
using HyperBdr.ServiceDefaults.Results;

namespace HyperBdr.Gateway.Answers;

/// <summary>Refusals of the gateway itself, in the form that the caller understands: gRPC status, the older API's envelope, or problem details.</summary>
internal static class Refusals
{
    public static readonly Error NoClientCertificate = new(ErrorKind.Forbidden, "auth.client_certificate", "This address needs a client certificate of this installation, on the agents' server name.");
    public static readonly Error AgentsOnly = new(ErrorKind.Forbidden, "auth.agents_only", "The agents' server name serves agents only.");
    public static readonly Error WrongServerName = new(ErrorKind.Validation, "request.wrong_server_name", "The connection was made for another server name.");
    public static readonly Error ForeignOrigin = new(ErrorKind.Forbidden, "auth.origin", "The call comes from a page of another site.");
    public static readonly Error NoCsrfToken = new(ErrorKind.Forbidden, "auth.csrf", "The header X-CSRF-Token is missing or is not this session's.");
    public static readonly Error TimedOut = new(ErrorKind.Unavailable, "service.timeout", "The service did not answer in time.");
    public static readonly Error WrongContent = new(ErrorKind.Validation, "request.content_type", "gRPC content is not accepted at this address.");

    private static readonly PathString[] EnvelopePaths = ["/hypermotion", "/api/v2", "/api/v3"];

    public static bool IsGrpc(HttpRequest request) => request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true;

    /// <param name="http">The call; its answer has not begun, else the connection is cut.</param>
    /// <param name="error">What the caller is told.</param>
    /// <param name="status">HTTP status; by default the error kind's.</param>
    /// <param name="retryAfterSeconds">Written as <c>Retry-After</c>.</param>
    public static Task WriteAsync(HttpContext http, Error error, int? status = null, int? retryAfterSeconds = null)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        var code = status ?? Problems.StatusOf(error.Kind);
        http.Response.Clear();
        if (retryAfterSeconds is { } seconds) http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (IsGrpc(http.Request)) return WriteGrpcAsync(http, error);
        if (Array.Exists(EnvelopePaths, p => http.Request.Path.StartsWithSegments(p, StringComparison.Ordinal))) return WriteEnvelopeAsync(http, error, code);
        return Problems.WriteAsync(http, error, code);
    }

    /// <summary>A "trailers-only" answer of the gRPC protocol: HTTP 200, the status in the headers.</summary>
    private static Task WriteGrpcAsync(HttpContext http, Error error)
    {
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = "application/grpc";
        http.Response.Headers.GrpcStatus = ((int)error.ToRpc().StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        http.Response.Headers.GrpcMessage = Uri.EscapeDataString(error.Message);
        http.Response.Headers[GrpcErrors.CodeTrailer] = error.Code;
        return Task.CompletedTask;
    }

    /// <summary>Clients of the older API read the header first, then <c>faultstring</c>, then <c>title</c> and <c>error</c>.</summary>
    private static Task WriteEnvelopeAsync(HttpContext http, Error error, int status)
    {
        var number = status switch
        {
            400 or 413 or 415 or 421 => "00003001",
            401 => "00003002",
            403 => "00003003",
            404 => "00003005",
            409 => "00003009",
            429 => "00003029",
            _ => "10000001",
        };
        http.Response.StatusCode = status;
        http.Response.Headers["Server-Error-Message"] = error.Message;
        var body = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["code"] = http.Request.Path.StartsWithSegments("/hypermotion/v1", StringComparison.Ordinal) ? status : number,
            ["data"] = null,
            ["error"] = new { reason = error.Code, message = error.Message },
            ["title"] = error.Message,
            ["faultstring"] = error.Message,
            ["trace_id"] = Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier,
        };
        return http.Response.WriteAsJsonAsync(body, Json.Options, "application/json", http.RequestAborted);
    }

    /// <summary>Whole seconds for <c>Retry-After</c>, at least one.</summary>
    public static int WholeSeconds(TimeSpan wait) => Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));

}
