using System.Security.Cryptography.X509Certificates;

namespace HyperBdr.Gateway.Tls;

/// <summary>A certificate's validity as instants: the framework gives local wall-clock times.</summary>
internal static class Validity
{
    extension(X509Certificate2 certificate)
    {
        public DateTimeOffset Begins => new(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero);

        public DateTimeOffset Ends => new(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);
    }
}
