using System.Data.Common;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;
using RpcException = Grpc.Core.RpcException;

namespace HyperBdr.ServiceDefaults.Results;

/// <summary>Gives every exception and every empty refusal of the pipeline the common problem form; the public text says nothing of internals.</summary>
internal sealed partial class FaultMapping(RequestDelegate next, ILogger<FaultMapping> log)
{
    public async Task InvokeAsync(HttpContext http, CallContext call)
    {
        try
        {
            await next(http);
        }
        catch (Exception e) when (!http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            var (error, status) = Classify(e);
            if (status >= 500) Faulted(log, http.Request.Method, http.Request.Path, e);
            await Problems.WriteAsync(http, error, status);
            return;
        }

        // A stranger is asked to sign in; only a known caller is told that the role is not enough.
        if (http.Response.StatusCode == StatusCodes.Status403Forbidden && !http.Response.HasStarted && call.Caller.Kind is "anonymous") http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        if (http.Response.HasStarted || http.Response.ContentType is not null || http.Response.ContentLength > 0) return;
        if (EmptyRefusal(http.Response.StatusCode) is { } empty) await Problems.WriteAsync(http, empty, http.Response.StatusCode);
    }

    private static (Error Error, int Status) Classify(Exception e) => e switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (CommonErrors.TooLarge, StatusCodes.Status413PayloadTooLarge),
        BadHttpRequestException bad => (CommonErrors.Malformed, bad.StatusCode),
        DbUpdateConcurrencyException => (CommonErrors.Conflict, StatusCodes.Status409Conflict),
        RpcException { StatusCode: Grpc.Core.StatusCode.NotFound } => (CommonErrors.NotFound, StatusCodes.Status404NotFound),
        // Text with a NUL, which no column holds: the caller's fault.
        PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter } => (CommonErrors.Malformed, StatusCodes.Status400BadRequest),
        DbUpdateException { InnerException: PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter } } => (CommonErrors.Malformed, StatusCodes.Status400BadRequest),
        RpcException or NpgsqlException or DbException or TimeoutException => (CommonErrors.Unavailable, StatusCodes.Status503ServiceUnavailable),
        DbUpdateException { InnerException: NpgsqlException { IsTransient: true } } => (CommonErrors.Unavailable, StatusCodes.Status503ServiceUnavailable),
        // EF wraps a failed connection in this.
        InvalidOperationException { InnerException: NpgsqlException } => (CommonErrors.Unavailable, StatusCodes.Status503ServiceUnavailable),
        RabbitMQ.Client.Exceptions.BrokerUnreachableException => (CommonErrors.Unavailable, StatusCodes.Status503ServiceUnavailable),
        StackExchange.Redis.RedisException => (CommonErrors.Unavailable, StatusCodes.Status503ServiceUnavailable),
        _ => (CommonErrors.Internal, StatusCodes.Status500InternalServerError),
    };

    private static Error? EmptyRefusal(int status) => status switch
    {
        StatusCodes.Status400BadRequest => CommonErrors.Malformed,
        StatusCodes.Status401Unauthorized => CommonErrors.Unauthenticated,
        StatusCodes.Status403Forbidden => CommonErrors.Forbidden,
        StatusCodes.Status404NotFound => CommonErrors.NotFound,
        StatusCodes.Status405MethodNotAllowed => CommonErrors.NotFound,
        StatusCodes.Status413PayloadTooLarge => CommonErrors.TooLarge,
        StatusCodes.Status415UnsupportedMediaType => CommonErrors.Malformed,
        StatusCodes.Status429TooManyRequests => CommonErrors.TooMany,
        _ => null,
    };

    [LoggerMessage(EventId = 1201, Level = LogLevel.Error, Message = "Unexpected fault in {Method} {Path}")]
    private static partial void Faulted(ILogger log, string method, string path, Exception e);
}
