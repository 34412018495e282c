using System.Diagnostics;

namespace HyperBdr.Gateway.Callers;

/// <summary>Takes the credentials out of the request before anything else reads its headers.</summary>
internal sealed class CredentialStripping(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (Surface.Of(http) is not { } surface) return next(http);
        http.Features.Set(Credentials.Take(http.Request, surface));

        // The server has read the header already and would hand its content on to every service.
        if (Activity.Current is { } activity)
            foreach (var (key, _) in activity.Baggage.ToList()) activity.SetBaggage(key, null);
        return next(http);
    }
}
