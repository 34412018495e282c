using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace HyperBdr.Fixtures.Suite;

/// <summary>A signed-in user of the console or the portal, as a browser is one: cookies and CSRF header.</summary>
public sealed class Person : IDisposable
{
    private readonly HttpClient http;
    private readonly CookieContainer cookies = new();
    private readonly string surface;
    private readonly Uri address;
    private string? lastCode;

    private Person(RunningSuite suite, string surface)
    {
        this.surface = surface;
        address = string.Equals(surface, "portal", StringComparison.Ordinal) ? suite.Portal : suite.Console;
        http = suite.Client(address, cookies);
    }

    public string UserName { get; private set; } = "";

    public string Password { get; private set; } = "";

    /// <summary>Base32 secret of the account's second factor, when it has one.</summary>
    public string? TotpSecret { get; private set; }

    /// <summary>Signs in for the first time: sets a password of its own and, where the role asks for it, a second factor.</summary>
    public static async Task<Person> FirstSignInAsync(RunningSuite suite, string surface, string userName, string password)
    {
        var person = new Person(suite, surface) { UserName = userName, Password = password };
        var state = await person.StateAsync(HttpMethod.Post, "/api/v1/identity/session", new { username = userName, password });
        if (state is "change_password")
        {
            person.Password = $"Aa1{Convert.ToHexString(RandomNumberGenerator.GetBytes(10))}z";
            state = await person.StateAsync(HttpMethod.Post, "/api/v1/identity/session/password", new { old_password = password, new_password = person.Password });
        }

        if (state is "enrol_totp")
        {
            var secret = await person.OkAsync(HttpMethod.Post, "/api/v1/identity/me/totp", new { });
            person.TotpSecret = secret["secret"]!.GetValue<string>();
            await person.OkAsync(HttpMethod.Post, "/api/v1/identity/me/totp/confirm", new { code = await person.NextCodeAsync() });
            state = await person.StateAsync(HttpMethod.Get, "/api/v1/identity/session", null);
        }

        return state is "signed_in" ? person : throw new InvalidOperationException($"{userName} is {state}");
    }

    /// <summary>A code that was not used yet: each is good once, so this may wait for the next 30 s.</summary>
    public async Task<string> NextCodeAsync()
    {
        await Waiting.UntilAsync("a new code", TimeSpan.FromSeconds(40), () => Task.FromResult(!string.Equals(Totp.Code(TotpSecret!), lastCode, StringComparison.Ordinal)));
        return lastCode = Totp.Code(TotpSecret!);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = JsonContent.Create(body);
        if (cookies.GetCookies(address)[$"hyperbdr-csrf-{surface}"]?.Value is { } csrf) request.Headers.Add("X-CSRF-Token", csrf);
        return await http.SendAsync(request);
    }

    /// <summary>The answer's JSON; any other than 2xx is an exception with the whole answer.</summary>
    public async Task<JsonNode> OkAsync(HttpMethod method, string path, object? body = null)
    {
        using var response = await SendAsync(method, path, body);
        var text = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode) throw new HttpRequestException($"{method} {path}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }

    /// <summary>An access key of this user, for calls without a session.</summary>
    public async Task<SigningClient> AccessKeyAsync(RunningSuite suite, string? userId = null)
    {
        var key = await OkAsync(HttpMethod.Post, "/api/v1/identity/access-keys", new { user_id = userId, description = "tests" });
        return new SigningClient(suite, key["access_key"]!.GetValue<string>(), key["secret"]!.GetValue<string>());
    }

    public void Dispose() => http.Dispose();

    private async Task<string> StateAsync(HttpMethod method, string path, object? body) =>
        (await OkAsync(method, path, body))["state"]!.GetValue<string>();
}
