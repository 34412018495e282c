using System.Text;
using System.Text.RegularExpressions;
using HyperBdr.Contracts.Errors;
using HyperBdr.Porter.Features.Certificates;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.Net.Http.Headers;

namespace HyperBdr.Porter.Features.Downloads;

/// <summary>What the one-line install command fetches: the script with everything filled in, and the package that the script names.</summary>
/// <remarks>The token is not looked up here: the script holds nothing that a stranger may not have, and enrolment checks it.</remarks>
internal static partial class Download
{
    public static readonly Error NotOffered = new(ErrorKind.NotFound, "porter.package.not_offered", "There is no such package on this console.");
    public static readonly Error NoWindows = new(ErrorKind.NotFound, "porter.package.no_windows_agent", "This console has no agent for Windows. Machines with Linux and cloud sync gateways can be installed.");
    public static readonly Error NotAToken = new(ErrorKind.Validation, "porter.package.malformed_token", "The id is not an enrolment token; copy the whole command from the console.");
    public static readonly Error NoAddress = new(ErrorKind.Validation, "porter.package.no_address", "The address of the console in this call is no host name and no IP address.");

    public static void Map(IEndpointRouteBuilder app)
    {
        var sources = app.MapGroup("/hypermotion/v1/sources").ExcludeFromDescription();
        sources.MapMethods("/download", ["GET", "HEAD"], ScriptAsync).WithName("porter.sources.download").AllowAnybody();
        sources.MapMethods("/packages/{kind}/{file}", ["GET", "HEAD"], PackageAsync).WithName("porter.sources.package").AllowAnybody();
    }

    private static async Task<IResult> ScriptAsync(string? type, string? id, HttpContext http, Softwares softwares, InstallationAuthority installation, CancellationToken ct)
    {
        var made = await FillAsync(type ?? "", id ?? "", http.Request, softwares, installation, ct);
        http.Response.Headers.CacheControl = "no-store";
        var text = made.IsError ? Refusal(made.Error, forWindows: IsWindows(type)) : made.Value;
        return TypedResults.Text(text, "text/x-shellscript", Encoding.UTF8, made.IsError ? Problems.StatusOf(made.Error.Kind) : StatusCodes.Status200OK);
    }

    private static bool IsWindows(string? type) => type?.StartsWith("windows", StringComparison.Ordinal) == true;

    /// <summary>The answer goes into a shell, on Windows into a batch file that is run: a refusal has to be a script that says it and fails.</summary>
    private static string Refusal(Error error, bool forWindows) => forWindows
        ? $"@echo off\r\necho {error.Message} [{error.Code}] 1>&2\r\nexit /b 1\r\n"
        : $"#!/bin/sh\necho '{error.Message} ({error.Code})' >&2\nexit 1\n";

    private static async Task<Result<string>> FillAsync(string type, string token, HttpRequest request, Softwares softwares, InstallationAuthority installation, CancellationToken ct)
    {
        if (IsWindows(type)) return NoWindows;
        if (!TokenPattern().IsMatch(token)) return NotAToken;
        if (ConsoleAddress.Of(request) is not { } console) return NoAddress;
        if (await softwares.ScriptAsync(type, ct) is not { } script || await softwares.FindAsync(type, ct) is not { } package) return NotOffered;
        var root = installation.Read();
        if (root.IsError) return root.Error;
        using var authority = root.Value;
        return script.Replace("@CONSOLE@", console, StringComparison.Ordinal).Replace("@TOKEN@", token, StringComparison.Ordinal)
            .Replace("@SHA256@", package.Sha256, StringComparison.Ordinal).Replace("@AUTHORITY@", authority.ExportCertificatePem(), StringComparison.Ordinal);
    }

    private static async Task<IResult> PackageAsync(string kind, string file, Softwares softwares, CancellationToken ct)
    {
        if (Softwares.FileOf(kind) != file || await softwares.FindAsync(kind, ct) is not { } package) return NotOffered.ToHttp();
        return TypedResults.PhysicalFile(package.Path, "application/gzip", package.FileName, package.ChangedAt, new EntityTagHeaderValue($"\"{package.Sha256}\""), enableRangeProcessing: true);
    }

    [GeneratedRegex("^hbe_[A-Za-z0-9_-]{43}$", RegexOptions.None, 1000)]
    private static partial Regex TokenPattern();
}
