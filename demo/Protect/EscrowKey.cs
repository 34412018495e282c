using System.Security.Cryptography;
using HyperBdr.Demo.Api;

namespace HyperBdr.Demo.Protect;

/// <summary>A key pair whose private half the suite never sees.</summary>
internal sealed class EscrowKey(string path)
{
    /// <summary>Makes the pair, hands the public half in, and says how hbdr opens the pool's repository with the other.</summary>
    public async Task<RepositoryAccess> AccessAsync(SuiteApi api, string poolId, GatewayFiles gateway, string folder, CancellationToken ct)
    {
        using var pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        await File.WriteAllTextAsync(path, pair.ExportPkcs8PrivateKeyPem(), ct);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var place = await api.EscrowAsync(poolId, pair.ExportSubjectPublicKeyInfoPem(), ct);
        var store = await api.PoolStoreAsync(poolId, ct);
        var (accessKey, secret) = await gateway.AddReaderAsync(store.Bucket, ct);
        return new(
            place,
            ["--escrow-key", path, "--s3-endpoint", $"https://{store.Endpoint}", "--s3-authority", gateway.Authority(), "--cache", Path.Combine(folder, "cache")],
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["AWS_ACCESS_KEY_ID"] = accessKey, ["AWS_SECRET_ACCESS_KEY"] = secret });
    }
}
