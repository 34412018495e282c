using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using HyperBdr.Contracts.Identity.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Gateway.Routes;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Gateway.Callers;

/// <summary>identity cannot be asked: the call must be refused, never let through.</summary>
internal sealed class IdentityUnavailableException(Exception? inner) : Exception("identity does not answer.", inner);

/// <summary>Asks identity who shows a credential. Known answers are kept for a moment; refusals never.</summary>
internal sealed class Principals : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);
    private readonly InternalTokens tokens;
    private readonly List<GrpcChannel> channels;
    private readonly PrincipalCache cache;
    private int turn;

    public Principals(IConfiguration configuration, InternalTokens tokens, TimeProvider time)
    {
        this.tokens = tokens;
        cache = new PrincipalCache(time);
        channels = [.. Clusters.AddressesOf(configuration, "identity", "grpc").Select(Connect)];
    }

    /// <summary>The principal of a session or token, or null when there is none.</summary>
    /// <exception cref="IdentityUnavailableException">identity does not answer.</exception>
    public async Task<Principal?> ResolveAsync(Credentials credentials, Surface surface, CancellationToken ct)
    {
        var key = KeyOf(credentials, surface);
        if (cache.Find(key) is { } known) return known;
        var generation = cache.Generation;
        var request = RequestOf(credentials, surface);
        var principal = await AskAsync(c => c.ResolveAsync, request, repeatable: true, ct);
        if (principal is not null) cache.Keep(key, principal, generation);
        return principal;
    }

    /// <summary>The session or token of an open connection still holds. Asks each time, and does not keep an idle session alive.</summary>
    /// <exception cref="IdentityUnavailableException">identity does not answer.</exception>
    public async Task<bool> StillHoldsAsync(Credentials credentials, Surface surface, CancellationToken ct)
    {
        var request = RequestOf(credentials, surface);
        request.Watching = true;
        return await AskAsync(c => c.ResolveAsync, request, repeatable: true, ct) is not null;
    }

    /// <summary>The principal of a signed call, or null when the signature is not acceptable.</summary>
    /// <exception cref="IdentityUnavailableException">identity does not answer.</exception>
    public Task<Principal?> VerifyAsync(VerifySignatureRequest request, CancellationToken ct) =>
        AskAsync(c => c.VerifySignatureAsync, request, repeatable: false, ct);

    /// <summary>Forgets what is known of the credential: its session is about to change or has just changed.</summary>
    public void Forget(Credentials credentials, Surface surface) => cache.Forget(KeyOf(credentials, surface));

    public void Dispose() => channels.ForEach(c => c.Dispose());

    private static ResolveRequest RequestOf(Credentials credentials, Surface surface) => new()
    {
        Kind = credentials.Kind == CredentialKind.Session ? ResolveRequest.Types.Kind.Session : ResolveRequest.Types.Kind.ApiToken,
        Secret = credentials.Secret,
        Surface = surface.Name,
    };

    private static string KeyOf(Credentials credentials, Surface surface) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{credentials.Kind}\n{surface.Name}\n{credentials.Secret}")));

    private delegate AsyncUnaryCall<Principal> Method<in TRequest>(TRequest request, CallOptions options);

    /// <summary>Asks one replica; a repeatable question goes once more, since the first answer of a restarted identity is a broken connection.</summary>
    private async Task<Principal?> AskAsync<TRequest>(Func<Contracts.Identity.V1.Principals.PrincipalsClient, Method<TRequest>> method, TRequest request, bool repeatable, CancellationToken ct)
    {
        if (channels.Count == 0) throw new IdentityUnavailableException(null);
        for (var attempt = 0; ; attempt++)
        {
            var channel = channels[(int)((uint)Interlocked.Increment(ref turn) % (uint)channels.Count)];
            var headers = new Metadata { { "authorization", $"Bearer {tokens.Mint("gateway", "identity", Caller.Service("gateway", Tenants.Platform))}" } };
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(Deadline);
            try
            {
                return await method(new Contracts.Identity.V1.Principals.PrincipalsClient(channel))(request, new CallOptions(headers, cancellationToken: limit.Token));
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.Unauthenticated or StatusCode.InvalidArgument or StatusCode.NotFound)
            {
                return null;
            }
            catch (RpcException e) when (!ct.IsCancellationRequested)
            {
                if (repeatable && attempt == 0 && e.StatusCode == StatusCode.Unavailable) continue;
                throw new IdentityUnavailableException(e);
            }
            catch (RpcException) when (ct.IsCancellationRequested)
            {
                throw new OperationCanceledException(ct);
            }
        }
    }

    private static GrpcChannel Connect(string address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        UnsafeUseInsecureChannelCallCredentials = true,
        DisposeHttpClient = true,
        HttpHandler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(2),
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
        },
        // After a restart of identity the next call tries at once instead of waiting out a long back-off.
        InitialReconnectBackoff = TimeSpan.FromMilliseconds(100),
        MaxReconnectBackoff = TimeSpan.FromSeconds(1),
    });
}
