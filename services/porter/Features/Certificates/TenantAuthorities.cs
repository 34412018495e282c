using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Contracts.Errors;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Certificates;

/// <summary>One authority per tenant, made at its first enrolment and made anew in time or when the installation's authority is another one.</summary>
internal sealed class TenantAuthorities(IServiceScopeFactory scopes, InstallationAuthority installation, Envelope envelope, TimeProvider time)
{
    private const int Years = 5;

    /// <summary>A machine's certificate must not outlive the authority that signed it.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromDays(60);
    private readonly ConcurrentDictionary<Guid, X509Certificate2> known = new();

    /// <summary>With its key.</summary>
    public async Task<Result<X509Certificate2>> ForAsync(Guid tenant, CancellationToken ct)
    {
        var root = installation.Read();
        if (root.IsError) return root.Error;
        using var above = root.Value;
        if (known.TryGetValue(tenant, out var one) && IsUsable(one, above)) return one;
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("porter", tenant);
        var db = scope.ServiceProvider.GetRequiredService<PorterDb>();
        for (var attempt = 0; ; attempt++)
        {
            var row = await db.Authorities.SingleOrDefaultAsync(ct);
            if (row is not null && Open(row, above) is { } stored) return known[tenant] = stored;
            var signer = installation.Open();
            if (signer.IsError) return signer.Error;
            using (signer.Value) Make(db, row, tenant, signer.Value);
            try
            {
                await db.SaveChangesAsync(ct);
            }
            catch (DbUpdateException) when (attempt == 0)
            {
                // Another enrolment made it at this moment.
                db.ChangeTracker.Clear();
            }
        }
    }

    private void Make(PorterDb db, TenantAuthority? row, Guid tenant, X509Certificate2 signer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Issuing.Authority(signer, tenant, key, time.GetUtcNow(), Years);
        var sealedKey = envelope.Seal(key.ExportPkcs8PrivateKeyPem(), ContextOf(tenant));
        if (row is null) db.Authorities.Add(new TenantAuthority { TenantId = tenant, Certificate = certificate.RawData, SealedKey = sealedKey });
        else (row.Certificate, row.SealedKey) = (certificate.RawData, sealedKey);
    }

    private X509Certificate2? Open(TenantAuthority row, X509Certificate2 root)
    {
        using var bare = X509CertificateLoader.LoadCertificate(row.Certificate);
        if (!IsUsable(bare, root)) return null;
        using var key = ECDsa.Create();
        key.ImportFromPem(envelope.Open(row.SealedKey, ContextOf(row.TenantId)));
        return bare.CopyWithPrivateKey(key);
    }

    private bool IsUsable(X509Certificate2 authority, X509Certificate2 root)
    {
        if (authority.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime < Rest && root.NotAfter > authority.NotAfter) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        return chain.Build(authority);
    }

    private static string ContextOf(Guid tenant) => $"tenant-authority/{tenant}";
}
