namespace HyperBdr.Storplus.Domain;

/// <summary>Where a pool keeps its bytes.</summary>
public enum PoolKind
{
    /// <summary>An S3 bucket, below a prefix of the pool's own.</summary>
    S3,
    /// <summary>A folder of this machine, in a sub-folder of the pool's own.</summary>
    Folder,
    /// <summary>A bucket that a cloud sync gateway of the tenant makes for this pool; reached as S3.</summary>
    Gateway,
}

/// <summary>The pool's state; the wire words hide no success word in a failure (compatibility reference, status words).</summary>
public enum PoolState
{
    /// <summary>A probe runs or is about to.</summary>
    Verifying,
    /// <summary>The newest probe passed.</summary>
    Available,
    /// <summary>The newest probe failed or was aborted; the reason says why.</summary>
    CreateFailed,
}

/// <summary>How the bucket is named in a request.</summary>
public enum BucketLookup
{
    /// <summary><c>https://endpoint/bucket/key</c>.</summary>
    Path,
    /// <summary><c>https://bucket.endpoint/key</c>.</summary>
    Dns,
}
