using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Identity.Domain;

/// <summary>A key pair (AK/SK) that signs calls of automation; acts with the role of its user.</summary>
public sealed class AccessKey : ITenantOwned
{
    public const int MostPerUser = 10;

    public required Guid Id { get; init; }

    public required Guid TenantId { get; init; }

    public required Guid UserId { get; init; }

    public User User { get; private set; } = null!;

    /// <summary>The public half, <c>AK</c> and 18 letters or digits.</summary>
    public required string Key { get; init; }

    public required byte[] SealedSecret { get; init; }

    public string Description { get; set; } = "";

    public bool Enabled { get; set; } = true;

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Associated data of the sealed secret.</summary>
    public static string ContextOf(Guid id) => $"access_key/{id}";
}
