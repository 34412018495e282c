using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Porter.Domain;

/// <summary>A certificate that a machine may show. Revoking it removes the row: what is not here is not accepted.</summary>
public sealed class MachineCertificate : ITenantOwned
{
    /// <summary>SHA-256 of the certificate, lower-case hexadecimal.</summary>
    public required string Thumbprint { get; init; }
    public required Guid TenantId { get; init; }
    public required Guid MachineId { get; init; }
    /// <summary>SubjectPublicKeyInfo, DER.</summary>
    public required byte[] PublicKey { get; init; }
    /// <summary>The leaf, DER: what a repeated enrolment gets again.</summary>
    public required byte[] Certificate { get; init; }
    /// <summary>The authority that signed it, DER.</summary>
    public required byte[] Issuer { get; init; }
    public required DateTimeOffset IssuedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>The authority that signs the machines of one tenant, itself signed by the installation's.</summary>
public sealed class TenantAuthority : ITenantOwned
{
    public required Guid TenantId { get; init; }
    /// <summary>DER.</summary>
    public required byte[] Certificate { get; set; }
    /// <summary>PKCS#8 in PEM form, sealed.</summary>
    public required byte[] SealedKey { get; set; }
}

/// <summary>When a machine last gave a sign of life; apart from its record, since it is written every few seconds for all machines at once.</summary>
public sealed class Presence
{
    public required Guid MachineId { get; init; }
    public DateTimeOffset LastSeenAt { get; init; }
    public long MemoryBytes { get; init; }
    public float CpuPercent { get; init; }
}
