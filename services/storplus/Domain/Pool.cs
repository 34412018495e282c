using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Storplus.Domain;

/// <summary>A place for backup data. What it is worth is decided by its newest probe alone.</summary>
public sealed class Pool : ITenantOwned
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "storplus.pool.not_found", "No such storage pool.");
    public static readonly Error NameTaken = new(ErrorKind.Conflict, "storplus.pool.name_taken", "Another storage pool has this name.");
    public static readonly Error NotAvailable = new(ErrorKind.Conflict, "storplus.pool.not_available", "The storage pool is not available: its last check has not passed.");
    public static readonly Error InUse = new(ErrorKind.Conflict, "storplus.pool.in_use", "The storage pool holds recovery points or a running sync; delete them first.");
    public static readonly Error StillVerifying = new(ErrorKind.Conflict, "storplus.pool.verifying", "The storage pool is being checked; abort its task or wait for its end.");

    private Pool()
    {
    }

    public Guid Id { get; private init; }
    public Guid TenantId { get; private init; }
    public string Name { get; private set; } = "";
    public PoolKind Kind { get; private init; }
    public PoolState State { get; private set; }
    /// <summary>Why the state is <see cref="PoolState.CreateFailed"/>.</summary>
    public string? Reason { get; private set; }
    /// <summary>Canonical folder that holds the pool's own sub-folder.</summary>
    public string? FolderPath { get; private set; }
    public S3Settings? S3 { get; private set; }
    /// <summary>Secret access key as the envelope sealed it, context <c>pool/&lt;id&gt;</c>.</summary>
    public byte[]? SealedSecret { get; private set; }
    /// <summary>The sync gateway that keeps the pool.</summary>
    public Guid? GatewayId { get; private init; }
    /// <summary>Private key (PKCS #8, base64) that the gateway's answer is sealed to, as the envelope sealed it, context <c>pool/&lt;id&gt;/reader</c>.</summary>
    public byte[]? SealedReader { get; private init; }
    /// <summary>DER; what the certificate of the gateway's endpoint chains to.</summary>
    public byte[]? Authority { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    /// <summary>The probe whose result counts; results of any other are history.</summary>
    public Guid CurrentProbeId { get; private set; }

    /// <summary>Envelope context of this pool's secret.</summary>
    public string SecretContext => SecretContextOf(Id);

    /// <summary>Name of the sub-folder, and of the prefix in a bucket, that only this pool uses.</summary>
    public string OwnPlace => $"pool-{Id:n}";

    public static string SecretContextOf(Guid id) => $"pool/{id}";

    public static string ReaderContextOf(Guid id) => $"pool/{id}/reader";

    /// <summary>The bucket of a gateway's pool.</summary>
    public static string GatewayBucketOf(Guid id) => $"hyperbdr-{id:n}";

    public static Pool OfFolder(Guid id, Guid tenantId, string name, string path, DateTimeOffset now) =>
        new() { Id = id, TenantId = tenantId, Name = name, Kind = PoolKind.Folder, FolderPath = path, CreatedAt = now };

    public static Pool OfS3(Guid id, Guid tenantId, string name, S3Settings settings, byte[] sealedSecret, DateTimeOffset now) =>
        new() { Id = id, TenantId = tenantId, Name = name, Kind = PoolKind.S3, S3 = settings, SealedSecret = sealedSecret, CreatedAt = now };

    public static Pool OfGateway(Guid id, Guid tenantId, string name, Guid gatewayId, byte[] sealedReader, DateTimeOffset now) =>
        new() { Id = id, TenantId = tenantId, Name = name, Kind = PoolKind.Gateway, GatewayId = gatewayId, SealedReader = sealedReader, CreatedAt = now };

    /// <summary>Of its place, as last seen; null where nobody can say.</summary>
    public long? TotalBytes { get; private set; }
    public long? FreeBytes { get; private set; }
    public DateTimeOffset? MeasuredAt { get; private set; }

    public void Measured(long total, long free, DateTimeOffset now) => (TotalBytes, FreeBytes, MeasuredAt) = (total, free, now);

    /// <summary>The gateway has made the bucket, or says again how to reach it.</summary>
    public void Attach(S3Settings settings, byte[] sealedSecret, byte[]? authority) => (S3, SealedSecret, Authority) = (settings, sealedSecret, authority);

    public void Rename(string name) => Name = name;

    public void MoveTo(string folderPath) => FolderPath = folderPath;

    /// <param name="sealedSecret">Null keeps the stored one.</param>
    public void Reconfigure(S3Settings settings, byte[]? sealedSecret)
    {
        S3 = settings;
        SealedSecret = sealedSecret ?? SealedSecret;
    }

    /// <summary>A new probe decides from now on.</summary>
    public void BeginProbe(Guid probeId)
    {
        CurrentProbeId = probeId;
        (State, Reason) = (PoolState.Verifying, null);
    }

    /// <summary>The probe runs again under its old id (its task was retried).</summary>
    /// <returns>False when a newer probe decides, so nothing changed.</returns>
    public bool ResumeProbe(Guid probeId)
    {
        if (probeId != CurrentProbeId) return false;
        (State, Reason) = (PoolState.Verifying, null);
        return true;
    }

    /// <returns>False when a newer probe decides, so nothing changed.</returns>
    public bool EndProbe(Guid probeId, bool passed, string? reason)
    {
        if (probeId != CurrentProbeId) return false;
        (State, Reason) = passed ? (PoolState.Available, null) : (PoolState.CreateFailed, reason);
        return true;
    }
}

/// <summary>How to reach a bucket; the secret is kept apart.</summary>
/// <param name="Endpoint"><c>host</c> or <c>host:port</c>, no scheme, no path.</param>
public sealed record S3Settings(string Endpoint, string Region, string Bucket, string AccessKey, bool UseTls, BucketLookup Lookup);
