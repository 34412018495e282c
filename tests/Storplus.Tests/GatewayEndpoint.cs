using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Contracts.Security;
using HyperBdr.S3Testing;

namespace HyperBdr.Storplus.Tests;

/// <summary>The S3 endpoint of a sync gateway as agreed: TLS by an authority of its own, one owner's key, scoped keys that may neither overwrite nor delete nor leave their prefix.</summary>
public sealed class GatewayEndpoint : IAsyncDisposable
{
    public const string OwnerKey = "GWOWNER";
    public const string OwnerSecret = "owner-secret-0123456789";
    private readonly X509Certificate2 certificate;
    private S3Server? server;

    private GatewayEndpoint(X509Certificate2 certificate, byte[] authority) => (this.certificate, Authority) = (certificate, authority);

    public byte[] Authority { get; }

    public Guid MachineId { get; private set; }

    public string Bucket { get; private set; } = "";

    /// <summary>Of its disk of 1000 bytes.</summary>
    public long FreeBytes { get; set; } = 900;

    public string Address => $"127.0.0.1:{Port}";

    public S3Server Server => server ?? throw new InvalidOperationException("no bucket was asked for");

    private int Port { get; } = Fixtures.Services.ServiceProcess.FreePort();

    public static Task<GatewayEndpoint> StartAsync()
    {
        var machine = Guid.CreateVersion7();
        var now = TimeProvider.System.GetUtcNow();
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = new CertificateRequest("CN=Machines", rootKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = root.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // Named for the machine and not for its address.
        using var leaf = new CertificateRequest($"CN={machine}", key, HashAlgorithmName.SHA256).Create(authority, now.AddDays(-1), now.AddDays(1), [1, 2, 3]);
        using var whole = leaf.CopyWithPrivateKey(key);
        return Task.FromResult(new GatewayEndpoint(X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null), authority.RawData) { MachineId = machine });
    }

    /// <summary>Makes the one bucket; repeating it changes nothing.</summary>
    public async Task MakeBucketAsync(string bucket)
    {
        if (Bucket == bucket) return;
        Bucket = bucket;
        server = await S3Server.StartAsync(null, new S3ServerOptions { Port = Port, Region = "us-east-1", Bucket = bucket, AccessKey = OwnerKey, SecretKey = OwnerSecret, Certificate = certificate, Tokens = SecretOf, BucketHeaders = () => [new("x-hyperbdr-total-bytes", "1000"), new("x-hyperbdr-free-bytes", $"{FreeBytes}")] });
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
        certificate.Dispose();
    }

    private string? SecretOf(S3Call call, string token)
    {
        if (ScopedStorageKey.Verify(OwnerSecret, token) is not var (scope, secret) || scope.Bucket != Bucket || scope.Right != StorageRight.Writer) return null;
        if (DateTimeOffset.FromUnixTimeSeconds(scope.ExpiresAt) < TimeProvider.System.GetUtcNow()) return null;
        if (call.Operation == "list") return secret;
        return call.Key.StartsWith(scope.Prefix, StringComparison.Ordinal) && call.Operation is "put" or "get" or "head" ? secret : null;
    }
}
