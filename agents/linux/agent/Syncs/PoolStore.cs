using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Engine;
using HyperBdr.Engine.Stores;
using HyperBdr.LinuxAgent.Config;

namespace HyperBdr.LinuxAgent.Syncs;

/// <summary>The store of one sync, with retries, a rate that may be changed while it runs, and a count of what was sent.</summary>
internal sealed class PoolStore : IDisposable
{
    private static readonly TimeSpan MostDifference = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan DateWithin = TimeSpan.FromSeconds(20);
    private readonly CountingStore counted;
    private readonly RateLimitedStore rates;
    private readonly SocketsHttpHandler? transport;
    private readonly Uri? endpoint;

    private PoolStore(IBlobStore bare, SocketsHttpHandler? transport, Uri? endpoint, AgentConfig config, TimeProvider time)
    {
        (this.transport, this.endpoint) = (transport, endpoint);
        counted = new CountingStore(bare);
        var stack = StoreStack.Build(counted, new StoreStackOptions { Retry = config.Retry, Rates = RatePlan.Always(Rate.Unlimited) }, time);
        (Store, rates) = (stack.Store, stack.Rates!);
    }

    /// <summary>Disposed by the repository that opens it.</summary>
    public IBlobStore Store { get; }

    public long SentBytes => counted.Amount(StoreCall.Put);

    /// <exception cref="SyncFailure">The console gave what this agent does not know.</exception>
    public static PoolStore Open(StoreAccess access, AgentConfig config, TimeProvider time)
    {
        switch (access.Kind)
        {
            case "folder" when access.Folder.StartsWith('/'):
                return new PoolStore(new FolderStore(Path.Combine(access.Folder, access.Prefix)), null, null, config, time);
            case "s3":
                var over = TransportOf(access);
                var options = OptionsOf(access, config);
                return new PoolStore(new S3Store(options, over), over, options.Endpoint, config, time);
            default:
                throw new SyncFailure(SyncCodes.PoolRefused, $"The console names a kind of storage that this agent does not know: '{access.Kind}'. Upgrade the agent.");
        }
    }

    /// <param name="bitsPerSecond">0 for no limit.</param>
    public void SetRate(long bitsPerSecond) =>
        rates.Plan = RatePlan.Always(bitsPerSecond <= 0 ? Rate.Unlimited : new Rate(Math.Max(1024, bitsPerSecond / 8), null));

    /// <summary>Asks the store what time it is, once: a clock that is wrong would else cost every retry of every call.</summary>
    /// <exception cref="SyncFailure"><see cref="SyncCodes.ClockWrong"/></exception>
    public async Task CheckClockAsync(TimeProvider time, CancellationToken ct)
    {
        TimeSpan ahead;
        try
        {
            ahead = time.GetUtcNow() - await counted.ClockAsync(ct);
        }
        catch (EngineException e) when (FaultReading.IsClock(e))
        {
            // The refusal has no time that the S3 client would show; an answer to anybody has it.
            if (await ServersTimeAsync(ct) is not { } theirs || (ahead = time.GetUtcNow() - theirs).Duration() <= MostDifference) throw FaultReading.Of(e, []);
        }
        catch (EngineException e) when (e.Fault == Fault.StoreUnavailable)
        {
            // The first call that is tried again finds out.
            return;
        }

        if (ahead.Duration() > MostDifference) throw new SyncFailure(SyncCodes.ClockWrong, $"This machine's clock is {ahead.Duration().TotalMinutes:0} minutes {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} the storage pool's: set this machine's time.");
    }

    public void Dispose() => transport?.Dispose();

    /// <summary>The date of an answer to a request that nobody signed; null without one.</summary>
    private async Task<DateTimeOffset?> ServersTimeAsync(CancellationToken ct)
    {
        try
        {
            using var client = new HttpClient(transport!, disposeHandler: false) { Timeout = DateWithin };
            using var answer = await client.GetAsync(endpoint, HttpCompletionOption.ResponseHeadersRead, ct);
            return answer.Headers.Date;
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }

    private static S3Options OptionsOf(StoreAccess access, AgentConfig config)
    {
        var address = access.Endpoint.Contains("://", StringComparison.Ordinal) ? access.Endpoint : $"{(access.UseTls ? "https" : "http")}://{access.Endpoint}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var endpoint)) throw new SyncFailure(SyncCodes.PoolRefused, $"The console names no address of the storage pool: '{access.Endpoint}'.");
        return new S3Options
        {
            Endpoint = endpoint,
            Region = access.Region.Length > 0 ? access.Region : "us-east-1",
            Bucket = access.Bucket,
            Prefix = access.Prefix,
            AccessKey = access.AccessKey,
            SecretKey = access.SecretKey,
            SessionToken = access.SessionToken.Length > 0 ? access.SessionToken : null,
            PathStyle = access.Lookup != "dns",
            RequestTimeout = config.UploadTimeout,
        };
    }

    private static SocketsHttpHandler TransportOf(StoreAccess access)
    {
        var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1) };
        if (access.Authority.IsEmpty) return handler;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(access.Authority.Span));
        handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        return handler;
    }
}
