using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Porter.Domain;

/// <summary>What an enrolment token is good for at a moment.</summary>
public enum EnrolmentTokenState
{
    /// <summary>One agent may still enrol with it.</summary>
    Active,
    Used,
    Expired,
    Revoked,
}

/// <summary>Lets one agent enrol in one tenant, once, within an hour at most.</summary>
/// <remarks>The secret is 256 bits from the system's random source; only its SHA-256 is kept, so the database does not let anybody enrol.</remarks>
public sealed class EnrolmentToken : ITenantOwned
{
    public const int MinLifetimeSeconds = 60;
    public const int MaxLifetimeSeconds = 3600;
    public const int MaxNameLength = 100;
    private const string Prefix = "hbe_";
    private const int SecretBytes = 32;

    public static readonly Error NotUsable = new(ErrorKind.Unauthenticated, "porter.enrolment_token.not_usable", "This enrolment token is unknown, used, expired or revoked; create a new one.");
    public static readonly Error Ended = new(ErrorKind.Conflict, "porter.enrolment_token.ended", "This enrolment token is used or expired already.");

    public Guid Id { get; private set; }
    public Guid TenantId { get; private set; }
    public string Name { get; private set; } = "";
    public byte[] SecretHash { get; private set; } = [];
    public string CreatedBy { get; private set; } = "";
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset ExpiresAt { get; private set; }
    public DateTimeOffset? UsedAt { get; private set; }
    public DateTimeOffset? RevokedAt { get; private set; }
    /// <summary>Who used it: with the same key, the same answer is given again.</summary>
    public Guid? MachineId { get; private set; }
    public byte[]? KeyHash { get; private set; }

    /// <summary>PostgreSQL's row version: of parallel claims and revocations one commits.</summary>
    public uint Version { get; private set; }

    /// <summary>A new token and its secret, which nobody can read again.</summary>
    public static (EnrolmentToken Token, string Secret) Create(Guid tenantId, string name, string createdBy, TimeSpan lifetime, DateTimeOffset now)
    {
        if (lifetime.TotalSeconds is < MinLifetimeSeconds or > MaxLifetimeSeconds) throw new ArgumentOutOfRangeException(nameof(lifetime), lifetime, "60 to 3600 seconds");
        var secret = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var token = new EnrolmentToken
        {
            Id = Guid.CreateVersion7(),
            TenantId = tenantId,
            Name = name,
            SecretHash = HashOf(secret),
            CreatedBy = createdBy,
            CreatedAt = now,
            ExpiresAt = now + lifetime,
        };
        return (token, secret);
    }

    /// <summary>What is stored and looked up; a fast hash suffices for 256 random bits.</summary>
    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    public EnrolmentTokenState StateAt(DateTimeOffset now) =>
        RevokedAt is not null ? EnrolmentTokenState.Revoked
        : UsedAt is not null ? EnrolmentTokenState.Used
        : ExpiresAt <= now ? EnrolmentTokenState.Expired
        : EnrolmentTokenState.Active;

    /// <summary>Uses it up for a machine and its key.</summary>
    public Result<Done> Claim(Guid machineId, byte[] keyHash, DateTimeOffset now)
    {
        if (StateAt(now) != EnrolmentTokenState.Active) return NotUsable;
        (UsedAt, MachineId, KeyHash) = (now, machineId, keyHash);
        return Done.Instance;
    }

    /// <summary>It was used with this key and its time has not ended: the answer may have been lost on its way.</summary>
    public bool WasUsedWith(byte[] keyHash, DateTimeOffset now) => RevokedAt is null && ExpiresAt > now && KeyHash is { } known && CryptographicOperations.FixedTimeEquals(known, keyHash);

    /// <summary>Ends it; true when this call did it, false when it was revoked before.</summary>
    public Result<bool> Revoke(DateTimeOffset now)
    {
        switch (StateAt(now))
        {
            case EnrolmentTokenState.Revoked:
                return false;
            case EnrolmentTokenState.Active:
                RevokedAt = now;
                return true;
            default:
                return Ended;
        }
    }
}
