using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Sessions;

/// <summary>The signed-in person, as the console shows and uses it.</summary>
public sealed record SignedInUser(Guid Id, string Username, Guid TenantId, string TenantName, string Role, IReadOnlyList<string> Permissions, string Language, string? Nickname, string? Email, bool TotpEnabled)
{
    internal static SignedInUser Of(User u) => new(u.Id, u.Username, u.TenantId, u.Tenant.Name, u.Role,
        Contracts.Security.Permissions.Matrix[u.Role].Order(StringComparer.Ordinal).ToList(), u.Language, u.Nickname, u.Email, u.TotpEnabled);
}

/// <summary>How far a sign-in is.</summary>
/// <param name="State"><c>signed_in</c>, <c>totp_required</c>, <c>change_password</c> or <c>enrol_totp</c>.</param>
/// <param name="User">Absent until the second factor was shown.</param>
public sealed record SessionView(string State, SignedInUser? User)
{
    internal static SessionView Of(User user, string pending) => new(
        pending switch { Pending.Totp => "totp_required", Pending.Nothing => "signed_in", _ => pending },
        pending == Pending.Totp ? null : SignedInUser.Of(user));
}

/// <summary>The session of the present call, and the way from one to the next.</summary>
public sealed class Entry(IdentityDb db, SessionStore sessions, SessionCookies cookies, CallContext call, IHttpContextAccessor http)
{
    public static readonly Error OtherStep = new(ErrorKind.Conflict, "identity.session.other_step", "Another step of signing in comes first.");
    public static readonly Error OnlyForSessions = new(ErrorKind.Forbidden, "identity.session.only", "Only a person who signed in with a browser may do this.");

    /// <summary>The caller's own user and session; null when not signed in with a browser.</summary>
    public async Task<(User User, Session Session)?> PresentAsync(CancellationToken ct)
    {
        if (call.Caller is not { Kind: "session", UserId: { } id, SessionId: { } sessionId }) return null;
        if (await sessions.FindAsync(sessionId) is not { } session || session.UserId != id) return null;
        var user = await UserAsync(id, ct);
        return user is not null && user.Epoch == session.Epoch ? (user, session) : null;
    }

    /// <summary>The caller's own user, whatever it signed in with.</summary>
    public async Task<User?> UserAsync(CancellationToken ct) => call.Caller.UserId is { } id ? await UserAsync(id, ct) : null;

    /// <summary>A new session with a new token for each step of signing in: a token that was seen or planted before is worth nothing after.</summary>
    public async Task<SessionView> GoOnAsync(User user, string surface, bool totpPassed)
    {
        var (session, token) = await sessions.BeginAsync(user, surface, totpPassed);
        if (call.Caller is { Kind: "session", SessionId: { } before }) await sessions.EndAsync(before);
        cookies.Write(http.HttpContext!.Response, session, token);
        return SessionView.Of(user, session.Pending);
    }

    /// <summary>The console is for a tenant's people, the portal for the platform's.</summary>
    public static bool IsFor(string surface, string role) => surface == Surfaces.Portal == (role == Roles.PlatformAdmin);

    private Task<User?> UserAsync(Guid id, CancellationToken ct) =>
        db.Users.IgnoreQueryFilters().Include(u => u.Tenant).SingleOrDefaultAsync(u => u.Id == id && u.Enabled && u.Tenant.Enabled, ct);
}
