using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Sessions;

/// <summary>The two cookies of a session: the token, which no script can read, and the anti-forgery value, which the page sends back as a header.</summary>
public sealed class SessionCookies(SecretFiles secrets)
{
    private readonly byte[] key = secrets.Key("csrf");

    public static string TokenName(string surface) => $"__Host-hyperbdr-{surface}";

    public static string CsrfName(string surface) => $"hyperbdr-csrf-{surface}";

    /// <summary>Bound to the session: a value that was planted in the browser fits no session.</summary>
    public string CsrfOf(string sessionId) => Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"csrf/{sessionId}")));

    public void Write(HttpResponse response, Session session, string token)
    {
        response.Cookies.Append(TokenName(session.Surface), token, Form(httpOnly: true));
        response.Cookies.Append(CsrfName(session.Surface), CsrfOf(session.Id), Form(httpOnly: false));
    }

    public static void Erase(HttpResponse response, string surface)
    {
        response.Cookies.Delete(TokenName(surface), Form(httpOnly: true));
        response.Cookies.Delete(CsrfName(surface), Form(httpOnly: false));
    }

    private static CookieOptions Form(bool httpOnly) => new() { Path = "/", Secure = true, HttpOnly = httpOnly, SameSite = SameSiteMode.Strict };
}
