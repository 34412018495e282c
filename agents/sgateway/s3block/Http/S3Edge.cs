using System.Diagnostics;
using System.Globalization;
using HyperBdr.Engine.IO;
using HyperBdr.S3Block.Calls;
using HyperBdr.S3Block.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HyperBdr.S3Block.Http;

/// <summary>The process edge of every S3 call: who, what, and how it ends.</summary>
internal sealed partial class S3Edge(Router router, SigV4 signatures, Counters counters, S3BlockOptions options, TimeProvider time, ILogger<S3Edge> log)
{
    public async Task HandleAsync(HttpContext http)
    {
        var began = Stopwatch.GetTimestamp();
        http.Response.Headers["x-amz-request-id"] = http.TraceIdentifier;
        http.Response.Headers.Server = "s3block";
        http.Response.Headers.Date = time.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);
        var who = "-";
        try
        {
            var request = new S3Request(http, options.Domain);
            if (HttpMethods.IsOptions(http.Request.Method))
            {
                CorsCalls.Preflight(request, router.Find(request.BucketName));
            }
            else
            {
                (request.Identity, request.Signed) = signatures.Verify(request);
                who = request.Identity.Name;
                CorsCalls.Decorate(request, router.Find(request.BucketName));
                await router.RunAsync(request);
            }
        }
        catch (S3Refusal refusal)
        {
            await RefuseAsync(http, refusal, who);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for an answer any more.
        }
        catch (BucketGoneException)
        {
            await RefuseAsync(http, S3Refusal.NoSuchBucket(), who);
        }
        catch (IOException e) when (e is not RotException && IsFull(e))
        {
            LogFull(log, http.Request.Method, http.Request.Path);
            await RefuseAsync(http, S3Refusal.Full(), who);
        }
        catch (RotException e)
        {
            counters.Damaged();
            LogDamaged(log, e.Message, http.Request.Path);
            await RefuseAsync(http, new S3Refusal(500, "InternalError", "The stored object is damaged. Its bytes are not answered."), who);
        }
        catch (Exception e)
        {
            // The process edge: whatever it was, the client hears of it and the endpoint goes on.
            if (!http.RequestAborted.IsCancellationRequested) LogFailed(log, e, http.Request.Method, http.Request.Path);
            await RefuseAsync(http, new S3Refusal(500, "InternalError", "We encountered an internal error. Please try again."), who);
        }

        counters.Count(http, Stopwatch.GetElapsedTime(began));
        LogCall(log, http.Request.Method, http.Request.Path, http.Response.StatusCode, who, (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }

    private async Task RefuseAsync(HttpContext http, S3Refusal refusal, string who)
    {
        if (refusal.Status is 401 or 403) LogRefused(log, http.Request.Method, http.Request.Path, refusal.Code, who);
        if (http.RequestAborted.IsCancellationRequested) return;
        if (http.Response.HasStarted)
        {
            // A cut answer is the only way left to say that it is not whole.
            http.Abort();
            return;
        }

        http.Response.ContentLength = null;
        counters.Refused(refusal.Code);
        await Xml.RefuseAsync(http, refusal);
    }

    private static bool IsFull(IOException e) => e is PosixException { Number: Posix.NoSpace or Posix.QuotaExceeded } || (e.HResult & 0xFFFF) == Posix.NoSpace;

    [LoggerMessage(2001, LogLevel.Debug, "{Method} {Path} {Status} {Who} {Milliseconds} ms")]
    private static partial void LogCall(ILogger log, string method, PathString path, int status, string who, long milliseconds);

    [LoggerMessage(2002, LogLevel.Warning, "Refused: {Method} {Path} {Code} {Who}")]
    private static partial void LogRefused(ILogger log, string method, PathString path, string code, string who);

    [LoggerMessage(2003, LogLevel.Error, "The disk is full: {Method} {Path}")]
    private static partial void LogFull(ILogger log, string method, PathString path);

    [LoggerMessage(2004, LogLevel.Critical, "Damaged: {What} ({Path})")]
    private static partial void LogDamaged(ILogger log, string what, PathString path);

    [LoggerMessage(2005, LogLevel.Error, "Failed: {Method} {Path}")]
    private static partial void LogFailed(ILogger log, Exception e, string method, PathString path);
}
