using System.Collections.Concurrent;
using Grpc.Core;
using HyperBdr.Contracts.Identity.V1;

namespace HyperBdr.Gateway.Tests;

/// <summary>Knows the sessions, tokens and keys that a test puts in. The real identity takes part in the system tests.</summary>
internal sealed class TestIdentity : Principals.PrincipalsBase
{
    private readonly ConcurrentDictionary<string, Principal> known = new(StringComparer.Ordinal);
    private int questions;
    private int watches;

    /// <summary>Questions answered so far.</summary>
    public int Questions => questions;

    /// <summary>Of them, those that must not keep a session alive.</summary>
    public int Watches => watches;

    public VerifySignatureRequest? LastSigned { get; private set; }

    public string? LastAuthorization { get; private set; }

    public string AddSession(string surface, string csrf = "", string pending = "")
    {
        var secret = $"s{Guid.CreateVersion7():n}";
        known[$"{surface}/{secret}"] = Person("session", csrf, pending);
        return secret;
    }

    public string AddToken()
    {
        var secret = $"t{Guid.CreateVersion7():n}";
        known[$"token/{secret}"] = Person("api_token");
        return secret;
    }

    public void AddKey(string name) => known[$"key/{name}"] = Person("access_key");

    public void Revoke(string secret)
    {
        foreach (var key in known.Keys.Where(k => k.EndsWith(secret, StringComparison.Ordinal))) known.TryRemove(key, out _);
    }

    public override Task<Principal> Resolve(ResolveRequest request, ServerCallContext context)
    {
        Interlocked.Increment(ref questions);
        if (request.Watching) Interlocked.Increment(ref watches);
        LastAuthorization = context.RequestHeaders.GetValue("authorization");
        return Find(request.Kind == ResolveRequest.Types.Kind.Session ? $"{request.Surface}/{request.Secret}" : $"token/{request.Secret}");
    }

    public override Task<Principal> VerifySignature(VerifySignatureRequest request, ServerCallContext context)
    {
        Interlocked.Increment(ref questions);
        LastSigned = request;
        return Find($"key/{request.AccessKey}");
    }

    private Task<Principal> Find(string key) =>
        known.TryGetValue(key, out var principal) ? Task.FromResult(principal) : throw new RpcException(new Status(StatusCode.Unauthenticated, "unknown"));

    private static Principal Person(string kind, string csrf = "", string pending = "") => new()
    {
        UserId = Guid.CreateVersion7().ToString(),
        UserName = "ann",
        TenantId = Guid.CreateVersion7().ToString(),
        Role = "operator",
        Kind = kind,
        SessionId = Guid.CreateVersion7().ToString("n"),
        Pending = pending,
        CsrfToken = csrf,
    };
}
