using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using HyperBdr.Fixtures.Suite;

namespace HyperBdr.Demo.Api;

/// <summary>A person in front of the console or the portal: a cookie, a CSRF value and, where the role asks for it, an authenticator app.</summary>
internal sealed class ConsoleSession : IDisposable
{
    private readonly CookieContainer cookies = new();
    private readonly HttpClient http;
    private readonly Uri address;
    private readonly string surface;

    private ConsoleSession(SuiteAddress suite, string surface)
    {
        this.surface = surface;
        address = surface is "portal" ? suite.Portal : suite.Console;
        http = suite.Client(address, cookies);
    }

    /// <summary>The password that this person chose.</summary>
    public string Password { get; private set; } = "";

    /// <summary>Signs in for the first time: an own password and, where asked for, a second factor.</summary>
    public static async Task<ConsoleSession> FirstSignInAsync(SuiteAddress suite, string surface, string user, string password, CancellationToken ct)
    {
        var session = new ConsoleSession(suite, surface) { Password = password };
        var state = await session.StateAsync("/api/v1/identity/session", new { username = user, password }, ct);
        if (state is "change_password")
        {
            session.Password = $"Aa1{Convert.ToHexString(RandomNumberGenerator.GetBytes(10))}z";
            state = await session.StateAsync("/api/v1/identity/session/password", new { old_password = password, new_password = session.Password }, ct);
        }

        if (state is "enrol_totp")
        {
            var secret = (await session.SendAsync(HttpMethod.Post, "/api/v1/identity/me/totp", new { }, ct))["secret"]!.GetValue<string>();
            await session.SendAsync(HttpMethod.Post, "/api/v1/identity/me/totp/confirm", new { code = Totp.Code(secret) }, ct);
            state = (await session.SendAsync(HttpMethod.Get, "/api/v1/identity/session", null, ct))["state"]!.GetValue<string>();
        }

        return state is "signed_in" ? session : throw new ApiException($"{user} is {state} after signing in");
    }

    public async Task<JsonNode> SendAsync(HttpMethod method, string path, object? body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body);
        if (cookies.GetCookies(address)[$"hyperbdr-csrf-{surface}"]?.Value is { } csrf) request.Headers.Add("X-CSRF-Token", csrf);
        using var response = await http.SendAsync(request, ct);
        return await Answers.ReadAsync(response, ct);
    }

    public void Dispose() => http.Dispose();

    private async Task<string> StateAsync(string path, object body, CancellationToken ct) => (await SendAsync(HttpMethod.Post, path, body, ct))["state"]!.GetValue<string>();
}
