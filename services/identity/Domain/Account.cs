using HyperBdr.Contracts.Security;

namespace HyperBdr.Identity.Domain;

/// <summary>What is needed to judge each call of a user: a copy that may be <see cref="Features.Principals.AccountCache.FreshFor"/> old.</summary>
public sealed record Account(Guid UserId, string Username, Guid TenantId, string Role, bool Active, bool MustChangePassword, bool TotpEnabled, int Epoch)
{
    /// <summary>What a bearer token of this account is limited to; it shows no second factor of its own.</summary>
    public string PendingOfToken => MustChangePassword ? Pending.ChangePassword
        : Role is Roles.PlatformAdmin or Roles.TenantAdmin && !TotpEnabled ? Pending.EnrolTotp : Pending.Nothing;
}
