using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features.Sessions;

internal static class GetSession
{
    public static void Map(RouteGroupBuilder session) =>
        session.MapGet("", async (Handler handler, CancellationToken ct) => (await handler.HandleAsync(ct)).ToHttp())
            .WithName("identity.sessions.get").AllowAnybody().Answers<SessionView>(401);

    internal sealed class Handler(Entry entry, CallContext call)
    {
        public async Task<Result<SessionView>> HandleAsync(CancellationToken ct)
        {
            if (await entry.PresentAsync(ct) is var (user, session)) return SessionView.Of(user, session.Pending);
            if (call.Caller.Kind is not ("api_token" or "access_key") || await entry.UserAsync(ct) is not { } own) return CommonErrors.Unauthenticated;
            return SessionView.Of(own, call.Caller.Pending);
        }
    }
}
