using HyperBdr.Contracts.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HyperBdr.ServiceDefaults.Results;

/// <summary>Answers what routing found no operation for: 404, or routing's own 405 and 415.</summary>
/// <remarks>Without it the fallback policy, which refuses endpoints without a rule, would answer 401 or 403 for a mistyped address.</remarks>
internal sealed class RoutingRefusals(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http) => http.GetEndpoint() switch
    {
        null => Problems.WriteAsync(http, CommonErrors.NotFound, StatusCodes.Status404NotFound),
        RouteEndpoint => next(http),
        var refusal => refusal.RequestDelegate!(http),
    };
}
