using System.Data.Common;
using Grpc.Core;
using Grpc.Core.Interceptors;
using HyperBdr.Contracts.Errors;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HyperBdr.ServiceDefaults.Results;

/// <summary>Refusals as gRPC status; the stable code travels in the trailer <c>error-code</c>.</summary>
public static class GrpcErrors
{
    public const string CodeTrailer = "error-code";

    public static RpcException ToRpc(this Error error) =>
        new(new Status(StatusOf(error.Kind), error.Message), new Metadata { { CodeTrailer, error.Code } });

    /// <summary>The value, or the error thrown as <see cref="RpcException"/>.</summary>
    public static T OrRpc<T>(this Result<T> result) => result.IsError ? throw result.Error.ToRpc() : result.Value;

    private static StatusCode StatusOf(ErrorKind kind) => kind switch
    {
        ErrorKind.Validation => StatusCode.InvalidArgument,
        ErrorKind.Unauthenticated => StatusCode.Unauthenticated,
        ErrorKind.Forbidden => StatusCode.PermissionDenied,
        ErrorKind.NotFound => StatusCode.NotFound,
        ErrorKind.Conflict => StatusCode.FailedPrecondition,
        ErrorKind.TooMany => StatusCode.ResourceExhausted,
        _ => StatusCode.Unavailable,
    };
}

/// <summary>Keeps internals out of gRPC answers and logs each unexpected fault once.</summary>
internal sealed partial class GrpcFaults(ILogger<GrpcFaults> log) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception e) when (e is not RpcException && !context.CancellationToken.IsCancellationRequested)
        {
            throw Mapped(e, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException && !context.CancellationToken.IsCancellationRequested)
        {
            throw Mapped(e, context);
        }
    }

    private RpcException Mapped(Exception e, ServerCallContext context)
    {
        var error = e switch
        {
            DbUpdateConcurrencyException => CommonErrors.Conflict,
            FormatException => CommonErrors.Malformed,
            DbException or NpgsqlException or TimeoutException or StackExchange.Redis.RedisException or InvalidOperationException { InnerException: NpgsqlException } => CommonErrors.Unavailable,
            _ => null,
        };
        if (error is not null) return error.ToRpc();
        Faulted(log, context.Method, e);
        return new RpcException(new Status(StatusCode.Internal, CommonErrors.Internal.Message), new Metadata { { GrpcErrors.CodeTrailer, CommonErrors.Internal.Code } });
    }

    [LoggerMessage(EventId = 1202, Level = LogLevel.Error, Message = "Unexpected fault in {Method}")]
    private static partial void Faulted(ILogger log, string method, Exception e);
}
