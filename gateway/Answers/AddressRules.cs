using HyperBdr.Contracts.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace HyperBdr.Gateway.Answers;

/// <summary>Health and metrics only on the loopback port, everything else only on the public ports, and no address that two readers may read differently.</summary>
internal sealed class AddressRules(RequestDelegate next)
{
    private static readonly string[] Ambiguous = ["%2f", "%5c", "%00", "\\", "//"];

    public Task InvokeAsync(HttpContext http)
    {
        var path = http.Request.Path;
        var process = path.StartsWithSegments("/healthz", StringComparison.OrdinalIgnoreCase) || path.StartsWithSegments("/metrics", StringComparison.OrdinalIgnoreCase);
        if (process == Surface.Of(http) is not null) return Refusals.WriteAsync(http, CommonErrors.NotFound);
        if (HttpMethods.IsTrace(http.Request.Method)) return Refusals.WriteAsync(http, CommonErrors.NotFound, StatusCodes.Status405MethodNotAllowed);

        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.AsSpan();
        var query = target.IndexOf('?');
        if (query >= 0) target = target[..query];
        foreach (var part in Ambiguous)
            if (target.Contains(part, StringComparison.OrdinalIgnoreCase)) return Refusals.WriteAsync(http, CommonErrors.Malformed);
        return next(http);
    }
}
