using HyperBdr.Identity.Domain;
using System.Linq.Expressions;

namespace HyperBdr.Identity.Features.Users;

/// <summary>An account as administrators see it.</summary>
public sealed record UserView(Guid Id, string Username, string Role, Guid TenantId, string TenantName, string? Nickname, string? Email, string Language, bool Enabled, bool MustChangePassword, bool TotpEnabled, DateTimeOffset CreatedAt)
{
    internal static readonly Expression<Func<User, UserView>> Projection = u =>
        new UserView(u.Id, u.Username, u.Role, u.TenantId, u.Tenant.Name, u.Nickname, u.Email, u.Language, u.Enabled, u.MustChangePassword, u.TotpEnabled, u.CreatedAt);

    private static readonly Func<User, UserView> Projected = Projection.Compile();

    internal static UserView Of(User user) => Projected(user);
}
