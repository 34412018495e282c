using Google.Protobuf;
using HyperBdr.Contracts.Security;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Engine.Stores;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Outbound;
using HyperBdr.Storplus.Stores;
using FolderStore = HyperBdr.Engine.Stores.FolderStore;
using IBlobStore = HyperBdr.Engine.Stores.IBlobStore;
using Pool = HyperBdr.Storplus.Domain.Pool;
using S3Store = HyperBdr.Engine.Stores.S3Store;
using WriteSession = HyperBdr.Storplus.Domain.WriteSession;

namespace HyperBdr.Storplus.Repositories;

/// <summary>How long a store's calls are tried.</summary>
internal enum Patience
{
    /// <summary>Somebody waits for the answer.</summary>
    Call,
    /// <summary>Work in the background.</summary>
    Background,
}

/// <summary>The place of a tenant's repository in a pool: as the engine's store for this service, and as access for a machine.</summary>
internal sealed class RepositoryStores(FolderRoots roots, AddressRules rules, Envelope envelope, TimeProvider time)
{
    private static readonly RetryPolicy ForCalls = new(3, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1));

    public IBlobStore Of(Pool pool, Patience patience)
    {
        var retry = patience == Patience.Call ? ForCalls : RetryPolicy.Default;
        return StoreStack.Build(Plain(pool), new StoreStackOptions { Retry = retry }, time).Store;
    }

    /// <summary>What a machine needs to write: keys of a gateway are narrowed to the repository, may not delete or overwrite, and end with the session.</summary>
    public StoreAccess AccessOf(Pool pool, WriteSession session)
    {
        if (pool.S3 is not { } s3) return new StoreAccess { Kind = "folder", Folder = FolderOf(pool) };
        var secret = envelope.Open(pool.SealedSecret, pool.SecretContext);
        var access = new StoreAccess
        {
            Kind = "s3", Endpoint = s3.Endpoint, Region = s3.Region, Bucket = s3.Bucket, Prefix = PrefixOf(pool), UseTls = s3.UseTls,
            Lookup = s3.Lookup == BucketLookup.Path ? "path" : "dns", AccessKey = s3.AccessKey, SecretKey = secret,
            Authority = ByteString.CopyFrom(pool.Authority ?? []),
        };
        if (pool.Kind != PoolKind.Gateway) return access;
        var scope = new StorageScope(s3.Bucket, access.Prefix, StorageRight.Writer, session.ExpiresAt.ToUnixTimeSeconds(), session.Id.ToString());
        var narrow = ScopedStorageKey.Derive(s3.AccessKey, secret, scope);
        (access.SecretKey, access.SessionToken, access.Scoped) = (narrow.SecretKey, narrow.SessionToken, true);
        return access;
    }

    /// <summary>Where the repository is, in words that <c>hbdr</c> takes.</summary>
    public static string LocationOf(Pool pool) => pool.S3 is { } s3 ? $"s3://{s3.Bucket}/{PrefixOf(pool).TrimEnd('/')}" : FolderOf(pool);

    private IBlobStore Plain(Pool pool)
    {
        if (pool.S3 is not { } s3)
        {
            var folder = FolderOf(pool);
            roots.Check(Path.Combine(pool.FolderPath!, pool.OwnPlace));
            return new FolderStore(folder);
        }

        var transport = new GuardedConnector(rules, GatewayTrust.Of(pool)).NewHandler();
        return new OwnTransport(transport, new S3Store(
            new S3Options
            {
                Endpoint = new Uri($"{(s3.UseTls ? "https" : "http")}://{s3.Endpoint}"), Region = s3.Region, Bucket = s3.Bucket, Prefix = PrefixOf(pool),
                AccessKey = s3.AccessKey, SecretKey = envelope.Open(pool.SealedSecret, pool.SecretContext), PathStyle = s3.Lookup == BucketLookup.Path,
                RequestTimeout = TimeSpan.FromMinutes(1),
            },
            transport));
    }

    private static string PrefixOf(Pool pool) => $"hyperbdr/{pool.OwnPlace}/{pool.TenantId}/";

    private static string FolderOf(Pool pool) => Path.Combine(pool.FolderPath!, pool.OwnPlace, pool.TenantId.ToString());

    /// <summary>Ends the connections with the store.</summary>
    private sealed class OwnTransport(HttpMessageHandler transport, IBlobStore inner) : StoreDecorator(inner)
    {
        protected override ValueTask DisposeOwnAsync()
        {
            transport.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
