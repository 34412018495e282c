using System.Diagnostics;

namespace HyperBdr.Gateway.Answers;

/// <summary>The headers of every answer, refusals and files included; a service cannot loosen them.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    public const string RequestId = "X-Request-Id";

    private const string ContentSecurityPolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

    public Task InvokeAsync(HttpContext http)
    {
        http.TraceIdentifier = Activity.Current?.TraceId.ToString() ?? Guid.CreateVersion7().ToString("n");
        http.Response.OnStarting(Apply, http);
        return next(http);
    }

    private static Task Apply(object state)
    {
        var http = (HttpContext)state;
        var headers = http.Response.Headers;
        headers.Remove("Server");
        headers.Remove("X-Powered-By");
        headers[RequestId] = http.TraceIdentifier;
        headers.StrictTransportSecurity = "max-age=31536000";
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (!http.Items.ContainsKey(typeof(Spa.SpaFiles))) headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}
