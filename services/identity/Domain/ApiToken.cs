using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Identity.Domain;

/// <summary>A bearer token of the older programming interfaces, or the token that renews it; only the hash of the secret is kept.</summary>
public sealed class ApiToken : ITenantOwned
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);
    public static readonly TimeSpan RefreshLifetime = TimeSpan.FromDays(7);

    public required Guid Id { get; init; }

    public required Guid TenantId { get; init; }

    public required Guid UserId { get; init; }

    /// <summary>All tokens that descend from one sign-in; they end together.</summary>
    public required Guid Family { get; init; }

    /// <summary>True for a token that only renews.</summary>
    public required bool Renews { get; init; }

    /// <summary>SHA-256 of the secret.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>The user's epoch at issue; an older one is no longer valid.</summary>
    public required int Epoch { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public bool Revoked { get; set; }

    /// <summary>A renewing token works once; a second use is a theft and ends the family.</summary>
    public DateTimeOffset? UsedAt { get; set; }
}
