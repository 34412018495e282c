using HyperBdr.Gateway.Routes;

namespace HyperBdr.Gateway.Callers;

/// <summary>Ends sockets and streams of a session or token that has ended: they were checked only once, at their beginning.</summary>
internal sealed partial class LongCalls(RequestDelegate next, Principals principals, TimeProvider time, ILogger<LongCalls> log)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    /// <summary>So many questions in a row without an answer of identity end the call: not knowing is not allowed to last.</summary>
    private const int MostUnanswered = 5;

    public async Task InvokeAsync(HttpContext http)
    {
        var known = http.Features.Get<KnownCaller>();
        if (known is null || known.Credentials.Kind is not (CredentialKind.Session or CredentialKind.ApiToken) || RouteTable.KindOf(http) is not (RouteKind.Hub or RouteKind.Grpc))
        {
            await next(http);
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        var watch = WatchAsync(http, known.Credentials, ended.Token);
        try
        {
            await next(http);
        }
        finally
        {
            await ended.CancelAsync();
            await watch;
        }
    }

    private async Task WatchAsync(HttpContext http, Credentials credentials, CancellationToken ct)
    {
        var surface = Surface.Of(http)!;
        var unanswered = 0;
        try
        {
            while (unanswered < MostUnanswered)
            {
                await Task.Delay(Interval, time, ct);
                try
                {
                    if (!await principals.StillHoldsAsync(credentials, surface, ct)) break;
                    unanswered = 0;
                }
                catch (IdentityUnavailableException)
                {
                    unanswered++;
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return;
        }

        Cut(log, http.Request.Path);
        http.Abort();
    }

    [LoggerMessage(EventId = 7202, Level = LogLevel.Information, Message = "Cut {Path}: its session or token has ended")]
    private static partial void Cut(ILogger log, string path);
}
