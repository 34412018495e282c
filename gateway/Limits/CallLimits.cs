using HyperBdr.Contracts.Errors;
using HyperBdr.Gateway.Answers;
using HyperBdr.Gateway.Callers;
using HyperBdr.Gateway.Routes;
using Microsoft.Extensions.Options;

namespace HyperBdr.Gateway.Limits;

/// <summary>The rate of one session, token, key or agent; of the address for nobody.</summary>
internal sealed class CallLimits(RequestDelegate next, AddressBudget addresses, IOptions<GatewayOptions> options, TimeProvider time)
{
    private readonly TokenBuckets callers = new(options.Value.Limits.CallsPerSecond, options.Value.Limits.CallsBurst, time);

    public Task InvokeAsync(HttpContext http)
    {
        // Sign-ins and enrolments were counted by address already.
        if (http.Features.Get<KnownCaller>() is not { } known || RouteTable.KindOf(http) is RouteKind.SignIn or RouteKind.EnrolGrpc) return next(http);
        var wait = known.LimitKey is { } key ? callers.Take(key) : addresses.TakeAnonymous(KnownCaller.AddressOf(http));
        return wait is { } span ? Refusals.WriteAsync(http, CommonErrors.TooMany, retryAfterSeconds: Refusals.WholeSeconds(span)) : next(http);
    }
}
