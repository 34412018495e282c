using HyperBdr.Contracts.Errors;
using Yarp.ReverseProxy.Forwarder;

namespace HyperBdr.Gateway.Answers;

/// <summary>Turns what goes wrong on the way to a service, and the gateway's own faults, into refusals that name no internals.</summary>
internal sealed partial class FaultAnswers(RequestDelegate next, ILogger<FaultAnswers> log)
{
    /// <summary>A killed service is back after a restart of about this long.</summary>
    private const int RetrySeconds = 2;

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (BadHttpRequestException e) when (!http.RequestAborted.IsCancellationRequested)
        {
            await RefuseAsync(http, e);
            return;
        }
        catch (Exception e) when (!http.RequestAborted.IsCancellationRequested)
        {
            Faulted(log, http.Request.Method, http.Request.Path, e);
            await Refusals.WriteAsync(http, CommonErrors.Internal, StatusCodes.Status500InternalServerError);
            return;
        }

        if (http.Features.Get<IForwarderErrorFeature>() is not { } failure || http.Response.HasStarted) return;
        var answer = http.Response.StatusCode switch
        {
            // The proxy takes these from the server, which stopped reading the caller's body.
            StatusCodes.Status413PayloadTooLarge => Refusals.WriteAsync(http, CommonErrors.TooLarge, StatusCodes.Status413PayloadTooLarge),
            StatusCodes.Status400BadRequest or StatusCodes.Status408RequestTimeout => Refusals.WriteAsync(http, CommonErrors.Malformed, http.Response.StatusCode),
            StatusCodes.Status504GatewayTimeout => Refusals.WriteAsync(http, Refusals.TimedOut, StatusCodes.Status504GatewayTimeout),
            >= 500 => UnavailableAsync(http, failure),
            _ => Task.CompletedTask,
        };
        await answer;
    }

    private Task UnavailableAsync(HttpContext http, IForwarderErrorFeature failure)
    {
        Unreachable(log, http.Request.Method, http.Request.Path, failure.Error, failure.Exception?.GetBaseException().Message ?? "no healthy destination");
        return Refusals.WriteAsync(http, CommonErrors.Unavailable, StatusCodes.Status503ServiceUnavailable, RetrySeconds);
    }

    private static Task RefuseAsync(HttpContext http, BadHttpRequestException e) => e.StatusCode == StatusCodes.Status413PayloadTooLarge
        ? Refusals.WriteAsync(http, CommonErrors.TooLarge, e.StatusCode)
        : Refusals.WriteAsync(http, CommonErrors.Malformed, e.StatusCode);

    [LoggerMessage(EventId = 7001, Level = LogLevel.Error, Message = "Unexpected fault in {Method} {Path}")]
    private static partial void Faulted(ILogger log, string method, string path, Exception e);

    [LoggerMessage(EventId = 7002, Level = LogLevel.Warning, Message = "{Method} {Path} did not reach its service ({Error}): {Reason}")]
    private static partial void Unreachable(ILogger log, string method, string path, ForwarderError error, string reason);
}
