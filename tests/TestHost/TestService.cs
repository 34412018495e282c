using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace HyperBdr.TestHost;

/// <summary>Healthy at once, unless told to have a fault.</summary>
internal static class TestService
{
    public static async Task<int> RunAsync()
    {
        if (Environment.GetEnvironmentVariable("TEST_FAULT") == "configuration")
        {
            await Console.Error.WriteLineAsync("The certificate in /x/y.pem has no private key: put y.key beside it.");
            return 78;
        }
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenLocalhost(int.Parse(Environment.GetEnvironmentVariable("HTTP_PORT")!, CultureInfo.InvariantCulture));
            if (Environment.GetEnvironmentVariable("CONSOLE_PORT") is { Length: > 0 } port)
                kestrel.ListenLocalhost(int.Parse(port, CultureInfo.InvariantCulture), listen => listen.UseHttps(Certificate()));
        });
        var app = builder.Build();
        app.MapGet("/healthz/ready", () => Results.Ok());
        app.MapGet("/", () => "console");
        app.MapGet("/environment", () => Environment.GetEnvironmentVariables());
        Console.WriteLine("test service is up");
        await app.RunAsync();
        return 0;
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), password: null);
    }
}
