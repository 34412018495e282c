using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace HyperBdr.Demo.Api;

/// <summary>Where a suite answers, and the authority that signed its certificate.</summary>
/// <param name="Console">Address of the console, as machines elsewhere reach it too.</param>
/// <param name="Portal">Address of the operators' portal.</param>
/// <param name="Authority">File with the suite's own authority.</param>
public sealed record SuiteAddress(Uri Console, Uri Portal, string Authority)
{
    /// <summary>A client that trusts the suite's authority and nothing else.</summary>
    public HttpClient Client(Uri address, CookieContainer? cookies)
    {
        var handler = new SocketsHttpHandler { UseCookies = cookies is not null, AllowAutoRedirect = false };
        if (cookies is not null) handler.CookieContainer = cookies;
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(Authority) },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        return new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(65) };
    }
}
