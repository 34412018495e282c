using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Amazon.Runtime;

namespace HyperBdr.Engine.Stores;

/// <summary>What a failed S3 call means: by the endpoint's error code first, then by the status, then by what broke below.</summary>
/// <remarks>Error codes: Amazon S3 API Reference, 'Error responses'; MinIO and Ceph add a few. The matrix is in <c>docs/formats/store.md</c>.</remarks>
internal static class S3Faults
{
    /// <summary>True for what the SDK and the transport throw; everything else is a bug and passes.</summary>
    public static bool Covers(Exception e, CancellationToken ct) => e switch
    {
        OperationCanceledException => !ct.IsCancellationRequested,
        AmazonServiceException or AmazonClientException or HttpRequestException or IOException or TimeoutException or System.Xml.XmlException => true,
        _ => false,
    };

    public static EngineException Of(Exception e, string subject)
    {
        var service = Inner<AmazonServiceException>(e);
        var fault = OfCode(service?.ErrorCode) ?? OfStatus(service) ?? OfTransport(e);
        return new EngineException(fault, subject, Detail(e, service), e);
    }

    private static Fault? OfCode(string? code) => code switch
    {
        "NoSuchKey" => Fault.NotFound,
        "SlowDown" or "ServiceUnavailable" or "InternalError" or "RequestTimeout" or "Throttling" or "ThrottlingException" or "RequestLimitExceeded" or "TooManyRequests"
            or "OperationAborted" or "ConditionalRequestConflict" or "XMinioServerNotInitialized" => Fault.StoreUnavailable,
        // What was sent did not arrive whole: the endpoint kept nothing.
        "IncompleteBody" or "BadDigest" or "InvalidDigest" or "XAmzContentSHA256Mismatch" or "XAmzContentChecksumMismatch" => Fault.StoreUnavailable,
        // The upload is gone, by an abort or a lifecycle rule; a new one may succeed.
        "NoSuchUpload" => Fault.StoreUnavailable,
        // A clock that is being set; a lasting difference ends with the retries, and the text names it.
        "RequestTimeTooSkewed" or "RequestExpired" => Fault.StoreUnavailable,
        "AccessDenied" or "AllAccessDisabled" or "AccountProblem" or "AccessForbidden" or "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "InvalidToken" or "ExpiredToken" or "InvalidSecurity"
            or "NoSuchBucket" or "InvalidBucketName" or "AuthorizationHeaderMalformed" or "PermanentRedirect" or "TemporaryRedirect" or "Redirect" or "IllegalLocationConstraintException"
            or "NotImplemented" or "ReadOnly" or "MethodNotAllowed" => Fault.StoreRefused,
        "QuotaExceeded" or "InsufficientCapacity" or "InsufficientStorage" or "XMinioStorageFull" or "XMinioAdminBucketQuotaExceeded" => Fault.StoreFull,
        _ => null,
    };

    private static Fault? OfStatus(AmazonServiceException? service) => service?.StatusCode switch
    {
        // An answer that never came has no status.
        null or < HttpStatusCode.Continue => null,
        HttpStatusCode.NotFound => Fault.NotFound,
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed => Fault.StoreRefused,
        HttpStatusCode.InsufficientStorage => Fault.StoreFull,
        HttpStatusCode.RequestTimeout or HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests => Fault.StoreUnavailable,
        // An error document under a status of success says that the work failed on the way.
        >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices => Fault.StoreUnavailable,
        >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => Fault.StoreRefused,
        >= HttpStatusCode.InternalServerError => Fault.StoreUnavailable,
        _ => Fault.StoreFailed,
    };

    private static Fault OfTransport(Exception e)
    {
        // An untrusted certificate does not become trusted by asking again.
        if (Inner<AuthenticationException>(e) is not null) return Fault.StoreRefused;
        var transport = Inner<TimeoutException>(e) is not null || Inner<OperationCanceledException>(e) is not null || Inner<SocketException>(e) is not null
            || Inner<HttpRequestException>(e) is not null || Inner<IOException>(e) is not null || Inner<System.Xml.XmlException>(e) is not null || Inner<WebException>(e) is not null;
        return transport ? Fault.StoreUnavailable : Fault.StoreFailed;
    }

    private static string Detail(Exception e, AmazonServiceException? service)
    {
        if (service?.ErrorCode is "RequestTimeTooSkewed" or "RequestExpired") return $"{service.ErrorCode}: this machine's clock and the store's differ too much";
        if (!string.IsNullOrEmpty(service?.ErrorCode) || service?.StatusCode >= HttpStatusCode.OK) return $"{service.ErrorCode} (HTTP {(int)service.StatusCode})".TrimStart();
        return Inner<SocketException>(e)?.SocketErrorCode.ToString() ?? e.GetBaseException().GetType().Name;
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
