using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using HyperBdr.Contracts.Identity.V1;
using HyperBdr.Fixtures;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;

namespace HyperBdr.Identity.Tests;

/// <summary>An answer with its body.</summary>
public sealed record Answer(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Message)
{
    public string? Text(string field) => Body?[field]?.ToString();

    public string? Code => Text("code");

    public Guid Id => Guid.Parse(Text("id")!);

    public override string ToString() => $"{(int)Status} {Body?.ToJsonString()}";

    public static async Task<Answer> ReadAsync(HttpResponseMessage message)
    {
        var text = await message.Content.ReadAsStringAsync();
        return new Answer(message.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text), message);
    }
}

/// <summary>A browser behind the gateway: keeps cookies; each call asks identity whose it is and carries the answer, as the gateway does.</summary>
public sealed class Browser(RunningService<IdentityDb> identity, string surface, string address)
{
    public Dictionary<string, string> Cookies { get; } = new(StringComparer.Ordinal);

    /// <summary>Attributes of the cookies, as they were set last.</summary>
    public Dictionary<string, string> CookieForms { get; } = new(StringComparer.Ordinal);

    public string? Token => Cookies.GetValueOrDefault($"__Host-hyperbdr-{surface}");

    public Task<Answer> SignInAsync(string username, string password) => PostAsync("/session", new { username, password });

    public Task<Answer> PostAsync(string path, object? body = null) => SendAsync(HttpMethod.Post, path, body ?? new { });

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public async Task<Answer> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var client = identity.As(await CallerAsync());
        using var request = new HttpRequestMessage(method, path.StartsWith("/session", StringComparison.Ordinal) || path.StartsWith("/me", StringComparison.Ordinal) || path.StartsWith("/users", StringComparison.Ordinal)
            || path.StartsWith("/tenants", StringComparison.Ordinal) || path.StartsWith("/access-keys", StringComparison.Ordinal) ? $"/api/v1/identity{path}" : path);
        request.Headers.Add("X-HyperBdr-Surface", surface);
        if (body is not null) request.Content = JsonContent.Create(body, options: new JsonSerializerOptions { PropertyNamingPolicy = null });
        var response = await client.SendAsync(request);
        Keep(response);
        return await Answer.ReadAsync(response);
    }

    public async Task<Principal?> PrincipalAsync() =>
        Token is null ? null : await IdentityWorld.ResolveAsync(identity, ResolveRequest.Types.Kind.Session, Token, surface);

    private async Task<Caller> CallerAsync() => await PrincipalAsync() is { } p
        ? new Caller(Guid.Parse(p.UserId), p.UserName, Guid.Parse(p.TenantId), p.Role, p.Kind, address, p.SessionId, p.Pending)
        : Caller.Anonymous with { SourceIp = address };

    private void Keep(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Set-Cookie", out var lines)) return;
        foreach (var line in lines)
        {
            var (name, rest) = (line[..line.IndexOf('=', StringComparison.Ordinal)], line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]);
            var end = rest.IndexOf(';', StringComparison.Ordinal);
            (Cookies[name], CookieForms[name]) = (rest[..end], rest[end..]);
            if (rest[..end].Length == 0) Cookies.Remove(name);
        }
    }
}
