using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Identity.Domain;

/// <summary>A person's account.</summary>
public sealed class User : ITenantOwned
{
    public const int LongestName = 64;

    public static readonly IReadOnlyList<string> Languages = ["en", "zh"];

    public required Guid Id { get; init; }

    public required Guid TenantId { get; init; }

    public Tenant Tenant { get; private set; } = null!;

    public required string Username { get; init; }

    /// <summary>Lower-case name: unique over the installation, whatever the case.</summary>
    public required string UsernameKey { get; init; }

    /// <summary>One of <see cref="Roles.All"/>.</summary>
    public required string Role { get; set; }

    public required string PasswordHash { get; set; }

    public string? Nickname { get; set; }

    public string? Email { get; set; }

    public string Language { get; set; } = "en";

    public bool Enabled { get; set; } = true;

    public bool MustChangePassword { get; set; }

    /// <summary>Every session and token carries the epoch it was made in; raising it ends them all with the same commit.</summary>
    public int Epoch { get; private set; }

    /// <summary>Sealed TOTP secret; present but not <see cref="TotpEnabled"/> while enrolment waits for its first code.</summary>
    public byte[]? TotpSecret { get; set; }

    public bool TotpEnabled { get; set; }

    /// <summary>The newest time step whose code was used; that code and all before it are spent.</summary>
    public long TotpLastStep { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public uint Version { get; private set; }

    public bool IsAdministrator => Role is Roles.PlatformAdmin or Roles.TenantAdmin;

    /// <summary>Administrators need a second factor; for others it is a choice.</summary>
    public bool NeedsTotp => IsAdministrator;

    /// <summary>Associated data of the sealed TOTP secret.</summary>
    public string TotpContext => $"totp/{Id}";

    public static string KeyOf(string name) => name.Trim().ToLowerInvariant();

    /// <summary>Ends every session and API token of this user.</summary>
    public void EndSessions() => Epoch++;

    public void SetPassword(string hash, bool mustChange)
    {
        (PasswordHash, MustChangePassword) = (hash, mustChange);
        EndSessions();
    }

    /// <summary>Empty texts clear a field; an absent language stays.</summary>
    public void SetProfile(string? nickname, string? email, string? language)
    {
        Nickname = string.IsNullOrEmpty(nickname) ? null : nickname;
        Email = string.IsNullOrEmpty(email) ? null : email;
        Language = language ?? Language;
    }

    public void RemoveTotp()
    {
        (TotpSecret, TotpEnabled) = (null, false);
        EndSessions();
    }

    /// <summary>What must be done before anything else: empty, <c>totp</c>, <c>change_password</c> or <c>enrol_totp</c>.</summary>
    public string Pending(bool totpPassed)
    {
        if (TotpEnabled && !totpPassed) return Domain.Pending.Totp;
        if (MustChangePassword) return Domain.Pending.ChangePassword;
        return NeedsTotp && !TotpEnabled ? Domain.Pending.EnrolTotp : Domain.Pending.Nothing;
    }
}

/// <summary>What a session may be limited to.</summary>
public static class Pending
{
    public const string Nothing = "";
    public const string Totp = "totp";
    public const string ChangePassword = "change_password";
    public const string EnrolTotp = "enrol_totp";
}

/// <summary>A single-use code for the day the second factor is lost; only its hash is kept.</summary>
public sealed class RecoveryCode
{
    public required Guid Id { get; init; }

    public required Guid UserId { get; init; }

    public required byte[] Hash { get; init; }

    public DateTimeOffset? UsedAt { get; private set; }
}
