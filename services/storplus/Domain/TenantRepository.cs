using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Storplus.Domain;

/// <summary>The one repository of a tenant in a pool. This row holds its key: without it, or an escrow key, nobody can read what is in there.</summary>
public sealed class TenantRepository : ITenantOwned
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "storplus.repository.not_found", "No such repository.");
    public static readonly Error Unreadable = new(ErrorKind.Conflict, "storplus.repository.unreadable", "The repository in the storage pool cannot be opened: it is missing, damaged or not the one that this installation made.");
    public static readonly Error StoreAway = new(ErrorKind.Unavailable, "storplus.pool.unreachable", "The storage pool does not answer; try again in a moment.");
    public static readonly Error StoreFull = new(ErrorKind.Conflict, "storplus.pool.full", "The storage pool has no space left.");

    private TenantRepository()
    {
    }

    public Guid Id { get; private init; }
    public Guid TenantId { get; private init; }
    public Guid PoolId { get; private init; }
    /// <summary>Id inside of the repository's own format; null until it is made.</summary>
    public Guid? EngineId { get; private set; }
    /// <summary>Key of its service slot, as text, as the envelope sealed it; context <c>repository/&lt;id&gt;</c>.</summary>
    public byte[] SealedKey { get; private init; } = [];
    public DateTimeOffset CreatedAt { get; private init; }
    /// <summary>Bytes of all its objects, as last measured, and what was stored since.</summary>
    public long UsedBytes { get; private set; }
    public DateTimeOffset? MeasuredAt { get; private set; }
    /// <summary>Points were deleted since the last collection began.</summary>
    public bool CollectionDue { get; private set; }
    /// <summary>The last verification that ended found damage.</summary>
    public bool Damaged { get; private set; }
    public bool NearlyFull { get; private set; }
    public bool Unreachable { get; private set; }
    /// <summary>Whole points in it that the catalogue does not list, at the last verification.</summary>
    public int Unlisted { get; private set; }
    /// <summary>SHA-256 of the escrow key that was added last.</summary>
    public string? EscrowFingerprint { get; private set; }
    public DateTimeOffset? EscrowedAt { get; private set; }

    /// <summary>Envelope context of its key.</summary>
    public string KeyContext => KeyContextOf(Id);

    public static string KeyContextOf(Guid id) => $"repository/{id}";

    public static TenantRepository Of(Guid id, Pool pool, byte[] sealedKey, DateTimeOffset now) =>
        new() { Id = id, TenantId = pool.TenantId, PoolId = pool.Id, SealedKey = sealedKey, CreatedAt = now };

    public void Made(Guid engineId) => EngineId = engineId;

    public void Stored(long bytes) => UsedBytes += bytes;

    public void Measured(long usedBytes, DateTimeOffset now) => (UsedBytes, MeasuredAt) = (usedBytes, now);

    public void Escrowed(string fingerprint, DateTimeOffset now) => (EscrowFingerprint, EscrowedAt) = (fingerprint, now);

    public void PointsDeleted() => CollectionDue = true;

    public void CollectionBegins() => CollectionDue = false;

    /// <returns>True when this is news.</returns>
    public bool FoundDamaged(bool damaged)
    {
        var news = damaged && !Damaged;
        Damaged = damaged;
        return news;
    }

    /// <returns>True when this is news.</returns>
    public bool FoundUnlisted(int count)
    {
        var news = count > 0 && Unlisted == 0;
        Unlisted = count;
        return news;
    }

    /// <returns>True when this is news.</returns>
    public bool FoundNearlyFull(bool nearlyFull)
    {
        var news = nearlyFull && !NearlyFull;
        NearlyFull = nearlyFull;
        return news;
    }

    /// <returns>True when this is news.</returns>
    public bool FoundUnreachable(bool unreachable)
    {
        var news = unreachable && !Unreachable;
        Unreachable = unreachable;
        return news;
    }
}
