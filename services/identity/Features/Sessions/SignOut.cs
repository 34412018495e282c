using HyperBdr.Contracts.Errors;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features.Sessions;

/// <summary>Ends the session of the call; without one there is nothing to end, which is as good.</summary>
internal static class SignOut
{
    public static void Map(RouteGroupBuilder session) =>
        session.MapDelete("", async (HttpContext http, Handler handler) =>
            {
                var done = await handler.HandleAsync();
                if (Surfaces.Of(http) is { } surface) SessionCookies.Erase(http.Response, surface);
                return done.ToHttp();
            })
            .WithName("identity.sessions.delete").AllowAnybody().AnswersNothing();

    internal sealed class Handler(SessionStore sessions, CallContext call)
    {
        public async Task<Result<Done>> HandleAsync()
        {
            if (call.Caller is { Kind: "session", SessionId: { } id }) await sessions.EndAsync(id);
            return Done.Instance;
        }
    }
}
