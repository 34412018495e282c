using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Engine;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Hbdr.Places;

/// <summary>An S3 store whose certificate must come from named authorities: a gateway of the customer's own has none that the system knows.</summary>
internal sealed class TrustingStore : StoreDecorator
{
    private readonly HttpMessageHandler transport;

    private TrustingStore(IBlobStore inner, HttpMessageHandler transport)
        : base(inner) => this.transport = transport;

    /// <param name="authorities">PEM file with one or more certificates.</param>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: the file cannot be read or holds no certificate.</exception>
    public static TrustingStore Open(S3Options options, string authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(authorities);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new EngineException(Fault.InvalidArgument, authorities, "cannot be read as certificates (PEM)", e);
        }

        if (policy.CustomTrustStore.Count == 0) throw new EngineException(Fault.InvalidArgument, authorities, "holds no certificate (PEM)");
        var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy } };
        return new(new S3Store(options, handler), handler);
    }

    protected override ValueTask DisposeOwnAsync()
    {
        transport.Dispose();
        return ValueTask.CompletedTask;
    }
}
