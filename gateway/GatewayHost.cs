using HyperBdr.Gateway.Answers;
using HyperBdr.Gateway.Callers;
using HyperBdr.Gateway.Limits;
using HyperBdr.Gateway.Routes;
using HyperBdr.Gateway.Spa;
using HyperBdr.Gateway.Tls;
using HyperBdr.ServiceDefaults.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace HyperBdr.Gateway;

/// <summary>The gateway on one page: what each call passes, in order.</summary>
public static class GatewayHost
{
    /// <summary>EX_CONFIG of sysexits.h: what the user configured cannot work; starting again does not help.</summary>
    public const int ConfigurationExitCode = 78;

    /// <param name="args">Command line of the process.</param>
    /// <param name="adjust">Last changes before the build, e.g. another clock.</param>
    public static async Task<int> RunAsync(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        try
        {
            await using var app = Build(args, adjust);
            await app.RunAsync();
            return 0;
        }
        catch (CertificateProblemException problem)
        {
            await Console.Error.WriteLineAsync($"{problem.Message}");
            return ConfigurationExitCode;
        }
        catch (OptionsValidationException e)
        {
            await Console.Error.WriteLineAsync($"{string.Join(' ', e.Failures)} Correct the setting.".ReplaceLineEndings(" "));
            return ConfigurationExitCode;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"{e.Message} Stop the other program or move the port (CONSOLE_PORT, PORTAL_PORT, HTTP_PORT).");
            return 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"{e.Message} Check the space and the rights of the data folder (HYPERBDR_HOME).".ReplaceLineEndings(" "));
            return 1;
        }
    }

    /// <summary>Builds the gateway with its certificates loaded; nothing listens yet.</summary>
    /// <exception cref="CertificateProblemException">A certificate file cannot be used.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Environment.ApplicationName = "gateway";
        builder.AddProcessDefaults();
        builder.Services.AddOptions<GatewayOptions>().BindConfiguration("Gateway").ValidateDataAnnotations();
        builder.Services.AddSingleton<IValidateOptions<GatewayOptions>, LimitOptions.Validation>();
        builder.AddTls();
        builder.AddRoutes();
        builder.AddCallers();
        builder.AddLimits();
        builder.AddSpa();
        adjust?.Invoke(builder);

        var app = builder.Build();
        app.Services.GetRequiredService<ServerCertificates>().Load();

        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<FaultAnswers>();
        app.UseMiddleware<AddressRules>();
        app.UseMiddleware<ServerNameRules>();
        app.UseMiddleware<CredentialStripping>();
        app.UseRouting();
        app.UseMiddleware<AddressLimits>();
        app.UseMiddleware<BodyLimit>();
        app.UseMiddleware<CallerResolution>();
        app.UseMiddleware<CallLimits>();
        app.UseMiddleware<CrossSiteRules>();
        app.UseMiddleware<LongCalls>();
        app.UseAnswerCompression();
        app.MapProcessEndpoints();
        app.MapReverseProxy();
        app.MapSpa();
        return app;
    }
}
