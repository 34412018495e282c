using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Users;

internal static class GetUser
{
    public static void Map(RouteGroupBuilder users) =>
        users.MapGet("/{id:guid}", async (Guid id, Handler handler, CancellationToken ct) => (await handler.HandleAsync(id, ct)).ToHttp())
            .WithName("identity.users.get").RequirePermission(Permissions.UsersRead).Answers<UserView>(401, 403, 404);

    internal sealed class Handler(IdentityDb db, CallContext call)
    {
        public async Task<Result<UserView>> HandleAsync(Guid id, CancellationToken ct) =>
            await db.VisibleUsersOf(call).Where(u => u.Id == id).Select(UserView.Projection).SingleOrDefaultAsync(ct) is { } user ? user : VisibleUsers.NotFound;
    }
}
