using System.Security.Cryptography;
using HyperBdr.Owl.Domain;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Owl.Features.Trail;

/// <summary>Signs and checks checkpoints; the key is a file of this installation, never in the database that it guards.</summary>
public sealed class CheckpointKey : IDisposable
{
    private readonly ECDsa key = ECDsa.Create();
    private readonly Lock turn = new();

    public CheckpointKey(SecretFiles files)
    {
        var path = Path.Combine(files.Folder, "audit-checkpoint.key");
        if (!File.Exists(path))
        {
            using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            SecretFiles.WriteOnce(path, made.ExportPkcs8PrivateKey());
        }

        key.ImportPkcs8PrivateKey(File.ReadAllBytes(path), out _);
        Id = Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()).AsSpan(0, 8));
    }

    public string Id { get; }

    /// <summary>The checkpoint of the chain's present end.</summary>
    public Checkpoint Sign(Guid tenantId, long sequence, byte[] hash, DateTimeOffset now)
    {
        var at = new DateTimeOffset(now.UtcTicks - now.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
        var checkpoint = new Checkpoint { TenantId = tenantId, Sequence = sequence, Hash = hash, CreatedAt = at, KeyId = Id };
        lock (turn) checkpoint.Signature = key.SignData(checkpoint.SignedBytes(), HashAlgorithmName.SHA256);
        return checkpoint;
    }

    public bool IsSigned(Checkpoint checkpoint)
    {
        lock (turn) return checkpoint.KeyId == Id && key.VerifyData(checkpoint.SignedBytes(), checkpoint.Signature, HashAlgorithmName.SHA256);
    }

    public void Dispose() => key.Dispose();
}
