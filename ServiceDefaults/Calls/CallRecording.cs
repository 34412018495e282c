using System.Diagnostics;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HyperBdr.ServiceDefaults.Calls;

/// <summary>Marks an endpoint or gRPC method that only reads, whatever its HTTP method says.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class)]
public sealed class ReadOnlyCallAttribute : Attribute;

/// <summary>Gives every mutating call its one audit entry, refused ones included.</summary>
/// <remarks>Stands between authentication and authorization: a denied call is an entry too.</remarks>
internal sealed partial class CallRecording(RequestDelegate next, ILogger<CallRecording> log)
{
    private static readonly string[] ReadingVerbs = ["Get", "List", "Read", "Resolve", "Verify", "Watch", "Check"];

    public async Task InvokeAsync(HttpContext http, CallContext call)
    {
        if (!IsMutating(http, call))
        {
            await next(http);
            return;
        }

        var record = call.Record = new CallRecord(ActionOf(http), $"{http.Request.Method} {http.Request.Path}", Activity.Current?.TraceId.ToString());
        try
        {
            await next(http);
        }
        catch (Exception) when (!record.Written)
        {
            record.Refuse(CallOutcome.Failed, null);
            await WriteAsync(http, call, record);
            throw;
        }

        if (!record.Written) await WriteAsync(http, call, record);
    }

    private static bool IsMutating(HttpContext http, CallContext call)
    {
        var endpoint = http.GetEndpoint();
        if (endpoint is null || call.Caller.IsService || endpoint.Metadata.GetMetadata<ReadOnlyCallAttribute>() is not null) return false;
        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) || HttpMethods.IsOptions(http.Request.Method) || HttpMethods.IsConnect(http.Request.Method)) return false;
        var grpc = endpoint.Metadata.GetMetadata<Grpc.AspNetCore.Server.GrpcMethodMetadata>();
        return grpc is null || !Reads(grpc.Method.Name);
    }

    /// <summary>Whether a gRPC method of this name changes nothing.</summary>
    internal static bool Reads(string method) => Array.Exists(ReadingVerbs, v => method.StartsWith(v, StringComparison.Ordinal));

    private static string ActionOf(HttpContext http)
    {
        var endpoint = http.GetEndpoint()!;
        if (endpoint.Metadata.GetMetadata<Grpc.AspNetCore.Server.GrpcMethodMetadata>() is { } grpc) return grpc.Method.FullName.TrimStart('/');
        return endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? endpoint.DisplayName ?? "unknown";
    }

    /// <summary>The call changed nothing, or its change was not saved: its entry gets a transaction of its own.</summary>
    private async Task WriteAsync(HttpContext http, CallContext call, CallRecord record)
    {
        if (http.Items[typeof(Error)] is Error error) record.Refuse(OutcomeOf(http.Response.StatusCode, error), error.Code);
        else if (record.Outcome == CallOutcome.Accepted && http.Response.StatusCode >= 400) record.Refuse(OutcomeOf(http.Response.StatusCode, null), null);

        await using var scope = http.RequestServices.CreateAsyncScope();
        var own = scope.ServiceProvider.GetRequiredService<CallContext>();
        (own.Caller, own.Record) = (call.Caller, record);
        try
        {
            var db = scope.ServiceProvider.GetRequiredService<ServiceDb>();
            db.RecordCall();
            await db.SaveChangesAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is Microsoft.EntityFrameworkCore.DbUpdateException or System.Data.Common.DbException or InvalidOperationException or TimeoutException)
        {
            EntryLost(log, record.Action, record.Outcome, e);
        }
    }

    private static CallOutcome OutcomeOf(int status, Error? error) => (error?.Kind, status) switch
    {
        (ErrorKind.Unauthenticated or ErrorKind.Forbidden, _) or (null, 401 or 403) => CallOutcome.Denied,
        (ErrorKind.Unavailable, _) or (null, >= 500) => CallOutcome.Failed,
        (null, < 400) => CallOutcome.Accepted,
        _ => CallOutcome.Refused,
    };

    [LoggerMessage(EventId = 1001, Level = LogLevel.Error, Message = "No audit entry for the call {Action} that ended {Outcome}: the database did not take it")]
    private static partial void EntryLost(ILogger log, string action, CallOutcome outcome, Exception e);
}
