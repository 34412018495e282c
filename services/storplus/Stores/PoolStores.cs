using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Outbound;

namespace HyperBdr.Storplus.Stores;

/// <summary>Opens the store of a pool: the one place where stores are composed.</summary>
internal sealed class PoolStores(FolderRoots roots, AddressRules rules, Envelope envelope)
{
    public IBlobStore Of(Pool pool)
    {
        if (pool.S3 is { } s3) return new S3Store(s3, envelope.Open(pool.SealedSecret, pool.SecretContext), pool.OwnPlace, new GuardedConnector(rules, GatewayTrust.Of(pool)));
        var own = Path.Combine(pool.FolderPath!, pool.OwnPlace);
        roots.Check(own);
        return new FolderStore(own);
    }
}
