using System.Globalization;
using System.Text.RegularExpressions;
using HyperBdr.Contracts.Errors;
using HyperBdr.Gateway.Answers;
using HyperBdr.Gateway.Routes;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace HyperBdr.Gateway.Spa;

/// <summary>The web pages of folder <c>WEB_ROOT</c> (else <c>wwwroot</c> beside the program): each port has its own entry page, which also answers the page's inner addresses.</summary>
internal sealed partial class SpaFiles : IDisposable
{
    private const string Missing = "<!doctype html><html lang=\"en\"><title>HyperBdr</title><p>The web pages are not installed: build them (folder web) and set WEB_ROOT to their folder. The APIs work.</p></html>";
    private static readonly FileExtensionContentTypeProvider ContentTypes = new();
    private static readonly string[] Entries = [Surface.Console.EntryPage, Surface.Portal.EntryPage];
    private static readonly (string Encoding, string Suffix)[] Encodings = [("br", ".br"), ("gzip", ".gz")];
    private readonly PhysicalFileProvider? files;

    public SpaFiles(IConfiguration configuration)
    {
        // In an image the built pages stand beside the program.
        var root = configuration["WEB_ROOT"] is { Length: > 0 } named ? named : Path.Combine(AppContext.BaseDirectory, "wwwroot");
        if (Directory.Exists(root)) files = new PhysicalFileProvider(Path.GetFullPath(root));
    }

    public Task ServeAsync(HttpContext http)
    {
        var path = http.Request.Path;
        if (Surface.Of(http) is not { } surface || RouteTable.IsApiPath(path) || Refusals.IsGrpc(http.Request) || !(HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)))
            return Refusals.WriteAsync(http, CommonErrors.NotFound);
        http.Items[typeof(SpaFiles)] = true;
        if (files is null) return MissingAsync(http);

        var name = path.Value!.TrimStart('/');
        var own = name.Length == 0 || name == surface.EntryPage;
        if (!own && !Entries.Contains(name, StringComparer.OrdinalIgnoreCase) && !IsPacked(name) && Find(name) is { } file) return SendAsync(http, file, name);

        // A page's inner address has no extension; a missing script must not be answered with a page.
        var inner = own || !Path.HasExtension(name);
        if (inner && Find(surface.EntryPage) is { } entry) return SendAsync(http, entry, surface.EntryPage);
        http.Items.Remove(typeof(SpaFiles));
        return inner ? MissingAsync(http) : Refusals.WriteAsync(http, CommonErrors.NotFound);
    }

    public void Dispose() => files?.Dispose();

    /// <summary>The provider refuses names that leave the folder and hidden files.</summary>
    private IFileInfo? Find(string name) => files!.GetFileInfo(name) is { Exists: true, IsDirectory: false } file ? file : null;

    private static bool IsPacked(string name) => Array.Exists(Encodings, e => name.EndsWith(e.Suffix, StringComparison.OrdinalIgnoreCase));

    private Task SendAsync(HttpContext http, IFileInfo file, string name)
    {
        var headers = http.Response.Headers;
        headers.CacheControl = HashedAsset.IsMatch(name) ? "public, max-age=31536000, immutable" : "no-cache";
        headers.Vary = HeaderNames.AcceptEncoding;
        foreach (var (encoding, suffix) in Encodings)
        {
            if (!Accepts(http.Request, encoding) || Find(name + suffix) is not { } packed) continue;
            headers.ContentEncoding = encoding;
            file = packed;
            break;
        }

        if (!ContentTypes.TryGetContentType(name, out var type)) type = "application/octet-stream";
        if (type.StartsWith("text/", StringComparison.Ordinal)) type += "; charset=utf-8";

        // Weak: compression on the way changes the bytes, not the page.
        var tag = new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{file.LastModified.UtcTicks:x}-{file.Length:x}\""), isWeak: true);
        return Results.File(file.PhysicalPath!, type, lastModified: file.LastModified, entityTag: tag).ExecuteAsync(http);
    }

    private static bool Accepts(HttpRequest request, string encoding) =>
        StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out var accepted) && accepted.Any(a => a.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) && a.Quality is not 0);

    private static Task MissingAsync(HttpContext http)
    {
        http.Items.Remove(typeof(SpaFiles));
        http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync(Missing, http.RequestAborted);
    }

    /// <summary>What the web build names by its content, e.g. <c>assets/index-B4x_9aQz.js</c>: it never changes.</summary>
    [GeneratedRegex("^assets/.+-[A-Za-z0-9_-]{8,}\\.[a-z0-9]+$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex HashedAsset { get; }
}
