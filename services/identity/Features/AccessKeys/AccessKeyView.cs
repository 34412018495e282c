using HyperBdr.Identity.Domain;
using System.Linq.Expressions;

namespace HyperBdr.Identity.Features.AccessKeys;

public sealed record AccessKeyView(Guid Id, string AccessKey, Guid UserId, string Username, string Role, Guid TenantId, bool Enabled, string Description, DateTimeOffset CreatedAt)
{
    internal static readonly Expression<Func<AccessKey, AccessKeyView>> Projection = k =>
        new AccessKeyView(k.Id, k.Key, k.UserId, k.User.Username, k.User.Role, k.TenantId, k.Enabled, k.Description, k.CreatedAt);

    private static readonly Func<AccessKey, AccessKeyView> Projected = Projection.Compile();

    internal static AccessKeyView Of(AccessKey key) => Projected(key);
}
