using HyperBdr.Contracts.Errors;
using HyperBdr.Gateway.Answers;
using HyperBdr.Gateway.Callers;
using HyperBdr.Gateway.Routes;
using Microsoft.AspNetCore.Http.Features;

namespace HyperBdr.Gateway.Limits;

/// <summary>Holds back addresses before any question is asked for them.</summary>
internal sealed class AddressLimits(RequestDelegate next, AddressBudget budget)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (Surface.Of(http) is null) return next(http);
        var address = KnownCaller.AddressOf(http);
        var shown = http.Features.GetRequiredFeature<Credentials>().Kind;
        var wait = RouteTable.KindOf(http) switch
        {
            RouteKind.SignIn => budget.TakeSignIn(address),
            RouteKind.None => RouteTable.IsApiPath(http.Request.Path) ? budget.TakeAnonymous(address) : budget.TakeFile(address),
            RouteKind.EnrolGrpc => budget.TakeEnrolment(address),
            RouteKind.AgentGrpc or RouteKind.AgentSocket => null,
            _ when shown != CredentialKind.None => budget.WaitAfterFailures(address),
            _ => null,
        };
        return wait is { } time ? Refusals.WriteAsync(http, CommonErrors.TooMany, retryAfterSeconds: Refusals.WholeSeconds(time)) : next(http);
    }
}
