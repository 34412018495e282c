using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Amazon.Runtime;

namespace HyperBdr.Storplus.Stores;

/// <summary>What a failed S3 call means: by the error code of the store first, then by the status, then by what broke below.</summary>
internal static class S3Faults
{
    public static StoreException Of(Exception e, string action, string name)
    {
        // The guard's own refusal comes back wrapped by the client.
        if (Inner<StoreException>(e) is { } own) return new StoreException(own.Fault, action, name, own.Detail, e);
        var service = Inner<AmazonServiceException>(e);
        var fault = (service is null ? null : OfCode(service.ErrorCode) ?? OfStatus(service.StatusCode)) ?? OfTransport(e);
        return new StoreException(fault, action, name, DetailOf(e, service), e);
    }

    private static StoreFault? OfCode(string? code) => code switch
    {
        "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "InvalidToken" or "ExpiredToken" or "InvalidSecurity" => StoreFault.CredentialsWrong,
        "AccessDenied" or "AllAccessDisabled" or "AccountProblem" or "AccessForbidden" => StoreFault.AccessDenied,
        "RequestTimeTooSkewed" or "RequestExpired" => StoreFault.ClockSkew,
        "NoSuchBucket" or "InvalidBucketName" => StoreFault.PlaceMissing,
        "AuthorizationHeaderMalformed" or "PermanentRedirect" or "TemporaryRedirect" or "Redirect" or "IllegalLocationConstraintException" => StoreFault.WrongRegion,
        "NoSuchKey" => StoreFault.BlobMissing,
        "QuotaExceeded" or "InsufficientCapacity" or "InsufficientStorage" or "XMinioStorageFull" => StoreFault.Full,
        "ReadOnly" => StoreFault.ReadOnly,
        "NotImplemented" => StoreFault.ConditionNotSupported,
        "SlowDown" or "ServiceUnavailable" or "InternalError" or "RequestTimeout" or "Throttling" => StoreFault.Busy,
        _ => null,
    };

    private static StoreFault? OfStatus(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized => StoreFault.CredentialsWrong,
        HttpStatusCode.Forbidden => StoreFault.AccessDenied,
        HttpStatusCode.NotFound => StoreFault.PlaceMissing,
        HttpStatusCode.InsufficientStorage => StoreFault.Full,
        HttpStatusCode.NotImplemented => StoreFault.ConditionNotSupported,
        HttpStatusCode.TooManyRequests => StoreFault.Busy,
        >= HttpStatusCode.Moved and < HttpStatusCode.BadRequest => StoreFault.WrongRegion,
        >= HttpStatusCode.InternalServerError => StoreFault.Busy,
        >= HttpStatusCode.BadRequest => StoreFault.NotAStore,
        _ => null,
    };

    private static StoreFault OfTransport(Exception e)
    {
        if (Inner<AuthenticationException>(e) is not null) return StoreFault.TlsNotTrusted;
        if (Inner<TimeoutException>(e) is not null || Inner<OperationCanceledException>(e) is not null) return StoreFault.Timeout;
        if (Inner<SocketException>(e) is { } socket) return socket.SocketErrorCode == SocketError.TimedOut ? StoreFault.Timeout : StoreFault.NotReachable;
        return Inner<HttpRequestException>(e)?.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => StoreFault.NameNotResolved,
            HttpRequestError.ConnectionError => StoreFault.NotReachable,
            HttpRequestError.SecureConnectionError => StoreFault.TlsNotTrusted,
            _ => Inner<System.Xml.XmlException>(e) is not null ? StoreFault.NotAStore : StoreFault.NotReachable,
        };
    }

    private static string DetailOf(Exception e, AmazonServiceException? service)
    {
        if (!string.IsNullOrEmpty(service?.ErrorCode) || service?.StatusCode >= HttpStatusCode.OK) return $"{service.ErrorCode} (HTTP {(int)service.StatusCode})".TrimStart();
        return Inner<SocketException>(e)?.SocketErrorCode.ToString() ?? Inner<AuthenticationException>(e)?.GetType().Name ?? e.GetBaseException().GetType().Name;
    }

    private static T? Inner<T>(Exception? e)
        where T : Exception
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is T found) return found;
        }

        return null;
    }
}
