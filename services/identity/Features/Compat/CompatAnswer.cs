using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults;
using HyperBdr.ServiceDefaults.Results;

namespace HyperBdr.Identity.Features.Compat;

/// <summary>The envelope of the v2 paths; <c>data</c> and <c>error</c> are there even when null.</summary>
/// <param name="Code">Eight digits as text; <c>00000000</c> is success.</param>
/// <param name="Faultstring">What older clients show for a fault.</param>
public sealed record CompatAnswer<T>(
    string Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] T? Data,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] CompatReason? Error,
    string Title,
    string TraceId,
    string? Faultstring = null);

/// <param name="Reason">The stable code of the refusal, <c>service.noun.reason</c>.</param>
/// <param name="Fields">Messages by field, for a request that is not valid.</param>
public sealed record CompatReason(string Reason, string Message, IReadOnlyDictionary<string, string[]>? Fields);

/// <summary>Answers as clients of the older programming interfaces read them.</summary>
internal static class Compat
{
    public const string Success = "00000000";
    public const string SecondFactorNeeded = "00003010";

    public static IResult ToCompat<T>(this Result<T> result) => result.IsError ? new Fault(result.Error) : Answer(Success, "", result.Value);

    public static IResult Answer<T>(string code, string title, T data) =>
        TypedResults.Json(new CompatAnswer<T>(code, data, null, title, TraceId), Json.Options);

    public static IResult ToFault(this Error error) => new Fault(error);

    /// <summary>The body as <typeparamref name="T"/>. Read by hand: a body that is no JSON gets the envelope too.</summary>
    public static async Task<Result<T>> ReadAsync<T>(HttpContext http, CancellationToken ct)
        where T : class
    {
        try
        {
            return await http.Request.ReadFromJsonAsync<T>(Json.Options, ct) is { } body ? body : CommonErrors.Malformed;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return CommonErrors.Malformed;
        }
    }

    private static string TraceId => Activity.Current?.TraceId.ToString() ?? "";

    /// <summary>The codes of the compatible interface, by kind of refusal.</summary>
    private static string CodeOf(ErrorKind kind) => kind switch
    {
        ErrorKind.Validation => "00003001",
        ErrorKind.Unauthenticated => "00003002",
        ErrorKind.Forbidden => "00003003",
        ErrorKind.NotFound => "00003005",
        ErrorKind.Conflict => "00003009",
        ErrorKind.TooMany => "00003029",
        _ => "10000001",
    };

    private sealed class Fault(Error error) : IResult, IStatusCodeHttpResult
    {
        public int? StatusCode => Problems.StatusOf(error.Kind);

        public Task ExecuteAsync(HttpContext httpContext)
        {
            // Where the audit of calls finds the reason.
            httpContext.Items[typeof(Error)] = error;
            httpContext.Response.StatusCode = StatusCode!.Value;
            httpContext.Response.Headers["Server-Error-Message"] = error.Message.All(char.IsAscii) ? error.Message : Uri.EscapeDataString(error.Message);
            var reason = new CompatReason(error.Code, error.Message, error.Fields);
            return httpContext.Response.WriteAsJsonAsync(new CompatAnswer<object>(CodeOf(error.Kind), null, reason, error.Message, TraceId, error.Message), Json.Options, httpContext.RequestAborted);
        }
    }
}
