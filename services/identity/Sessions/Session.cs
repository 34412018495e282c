namespace HyperBdr.Identity.Sessions;

/// <summary>Which entry of the product a person uses; a session of one is none of the other.</summary>
public static class Surfaces
{
    public const string Console = "console";
    public const string Portal = "portal";
    public const string Header = "X-HyperBdr-Surface";

    public static string? Of(HttpContext http) => http.Request.Headers[Header].ToString() is var surface && surface is Console or Portal ? surface : null;
}

/// <summary>A signed-in browser, or one on its way there.</summary>
/// <param name="Id">SHA-256 of the cookie's token: names the session without being its secret.</param>
/// <param name="Epoch">The user's epoch when it began; a later one ends it.</param>
/// <param name="TotpPassed">Whether the second factor was shown.</param>
/// <param name="Pending">What it is limited to; a step forward makes a new session with a new token.</param>
public sealed record Session(string Id, Guid UserId, string Surface, int Epoch, bool TotpPassed, string Pending, DateTimeOffset StartedAt, DateTimeOffset SeenAt)
{
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(30);
    public static readonly TimeSpan Absolute = TimeSpan.FromHours(12);

    /// <summary>A sign-in that stops half way is forgotten sooner.</summary>
    public static readonly TimeSpan HalfWay = TimeSpan.FromMinutes(15);

    public DateTimeOffset EndsAt => Earlier(StartedAt + (Pending.Length == 0 ? Absolute : HalfWay), SeenAt + Idle);

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
