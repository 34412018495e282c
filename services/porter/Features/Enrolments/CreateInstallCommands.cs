using System.ComponentModel.DataAnnotations;
using HyperBdr.Contracts.Security;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Features.Downloads;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Porter.Features.Enrolments;

/// <summary>Makes a token and says the commands that install a machine with it; the answer is the only place that ever shows it.</summary>
internal static class CreateInstallCommands
{
    public sealed record Request(
        [Required, StringLength(EnrolmentToken.MaxNameLength, MinimumLength = 1)] string Name,
        [Range(EnrolmentToken.MinLifetimeSeconds, EnrolmentToken.MaxLifetimeSeconds)] int LifetimeS);

    /// <param name="Linux">Installs the agent of a Linux host.</param>
    /// <param name="Gateway">Installs a cloud sync gateway.</param>
    public sealed record Response(TokenRow Token, string Secret, string Linux, string Gateway);

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapPost("/api/v1/porter/install-commands", async (Request body, HttpContext http, CreateToken.Handler tokens, CancellationToken ct) =>
            {
                if (ConsoleAddress.Of(http.Request) is not { } console) return Download.NoAddress.ToHttp();
                return (await tokens.HandleAsync(body.Name, body.LifetimeS, ct)).ToHttp(made =>
                {
                    http.Response.Headers.CacheControl = "no-store";
                    return TypedResults.Json(new Response(made.Token, made.Secret, Command(console, "linux", made.Secret), Command(console, "gateway", made.Secret)), statusCode: StatusCodes.Status201Created);
                });
            })
            .WithName("porter.install_commands.create")
            .WithTags("Enrolment tokens")
            .Produces<Response>(StatusCodes.Status201Created)
            .RequirePermission(Permissions.EnrolmentsWrite);

    private static string Command(string console, string type, string token) =>
        $"curl -k 'https://{console}/hypermotion/v1/sources/download?type={type}&id={token}&scene=dr' | (cd ~ && bash)";
}
