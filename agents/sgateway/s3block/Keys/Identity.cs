using HyperBdr.Contracts.Security;

namespace HyperBdr.S3Block.Keys;

/// <summary>What a call wants to do.</summary>
internal enum StorageAct
{
    Read,
    List,
    /// <summary>A new object under a free key.</summary>
    Create,
    /// <summary>Overwriting, deleting, or changing facts of what is there.</summary>
    Change,
    /// <summary>Looking at a bucket's own settings.</summary>
    Look,
    /// <summary>Making, configuring or removing a bucket.</summary>
    Configure,
}

/// <summary>Who calls: an owner's key, or one derived from it for a place and a time.</summary>
internal sealed record Identity(OwnerKey Owner, StorageScope? Scope)
{
    /// <summary>For logs and for whose upload it is.</summary>
    public string Name => Scope is null ? Owner.AccessKey : $"{Owner.AccessKey}/{Scope.Subject}";

    /// <summary>Whether what it puts may replace something.</summary>
    public bool CreatesOnly => Owner.Policy != KeyPolicy.Owner || Scope is not null;

    public bool Sees(string bucket) => Owner.Covers(bucket) && (Scope is null || Scope.Bucket == bucket);

    /// <param name="place">A key, or the prefix of a listing.</param>
    public bool May(StorageAct act, string bucket, string place)
    {
        if (!Sees(bucket) || !Allows(Owner.Policy, act)) return false;
        if (Scope is null) return true;
        if (!Allows(Scope.Right == StorageRight.Writer ? KeyPolicy.Writer : KeyPolicy.Reader, act)) return false;
        return act == StorageAct.Look || place.StartsWith(Scope.Prefix, StringComparison.Ordinal);
    }

    private static bool Allows(KeyPolicy policy, StorageAct act) => policy switch
    {
        KeyPolicy.Owner => true,
        KeyPolicy.Writer => act is StorageAct.Read or StorageAct.List or StorageAct.Look or StorageAct.Create,
        _ => act is StorageAct.Read or StorageAct.List or StorageAct.Look,
    };
}
