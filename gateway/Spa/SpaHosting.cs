using System.IO.Compression;
using HyperBdr.Gateway.Callers;
using HyperBdr.Gateway.Routes;
using Microsoft.AspNetCore.ResponseCompression;

namespace HyperBdr.Gateway.Spa;

internal static class SpaHosting
{
    public static void AddSpa(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<SpaFiles>();
        builder.Services.AddResponseCompression(o =>
        {
            o.EnableForHttps = true;
            o.MimeTypes = ["text/html", "text/css", "text/javascript", "application/javascript", "application/json", "image/svg+xml", "application/manifest+json", "text/csv"];
        });
        builder.Services.Configure<BrotliCompressionProviderOptions>(o => o.Level = CompressionLevel.Fastest);
        builder.Services.Configure<GzipCompressionProviderOptions>(o => o.Level = CompressionLevel.Fastest);
    }

    /// <summary>Files are compressed, and answers for keys and tokens. Answers in a cookie session never: with compression their length would tell secrets to a page that makes the browser ask (BREACH).</summary>
    public static void UseAnswerCompression(this WebApplication app) => app.UseWhen(
        http => RouteTable.KindOf(http) switch
        {
            RouteKind.None => Surface.Of(http) is not null,
            RouteKind.Rest or RouteKind.Document => http.Features.Get<KnownCaller>()?.Credentials.Kind is CredentialKind.ApiToken or CredentialKind.AccessKey,
            _ => false,
        },
        branch => branch.UseResponseCompression());

    public static void MapSpa(this WebApplication app) => app.MapFallback("{**path}", (HttpContext http, SpaFiles files) => files.ServeAsync(http));
}
