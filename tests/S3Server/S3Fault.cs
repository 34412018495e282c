namespace HyperBdr.S3Testing;

/// <summary>How one request goes wrong.</summary>
public enum S3Fault
{
    None,
    /// <summary>500 InternalError without effect.</summary>
    InternalError,
    /// <summary>500 InternalError after the effect.</summary>
    InternalErrorAfter,
    /// <summary>503 SlowDown.</summary>
    SlowDown,
    /// <summary>503 from something in front of the store, with a page of HTML.</summary>
    ProxyPage,
    /// <summary>The connection is reset before the effect.</summary>
    ResetRequest,
    /// <summary>The connection is reset after the effect.</summary>
    ResetResponse,
    /// <summary>No answer until the client gives up.</summary>
    Hang,
    /// <summary>Half of the body, then the connection is reset.</summary>
    TruncatedBody,
    /// <summary>Half of the body, with a length that says so.</summary>
    TruncatedSilently,
    /// <summary>One bit of the body is another.</summary>
    FlippedBit,
    /// <summary>The whole object though a range was asked for.</summary>
    IgnoresRange,
    /// <summary>The right number of bytes from the start of the object.</summary>
    WrongRange,
    WrongETag,
    WrongChecksum,
    /// <summary>Status 200 with an error document, without effect.</summary>
    ErrorInOk,
    /// <summary>Status 200 with an error document, after the effect.</summary>
    ErrorInOkAfter,
    /// <summary>A listing without its newest half.</summary>
    StaleList,
    /// <summary>409 ConditionalRequestConflict.</summary>
    Conflict,
    /// <summary>403 RequestTimeTooSkewed.</summary>
    Skewed,
    ExpiredToken,
    AccessDenied,
    NoSuchBucket,
    /// <summary>507 InsufficientCapacity.</summary>
    Full,
    /// <summary>301 PermanentRedirect: another region.</summary>
    Redirect,
    /// <summary>501 NotImplemented for a condition.</summary>
    NoConditions,
    /// <summary>A condition is ignored: the object is overwritten.</summary>
    IgnoresConditions,
    /// <summary>Says yes and keeps nothing.</summary>
    LosesWrites,
    /// <summary>Says yes and keeps all but the last byte.</summary>
    CutsWrites,
    /// <summary>Says yes and keeps other bytes.</summary>
    CorruptsWrites,
    /// <summary>Says yes to a delete and keeps the object.</summary>
    KeepsDeleted,
    /// <summary>The completed object lacks its last part.</summary>
    LosesPart,
}

/// <summary>A request as a fault plan sees it.</summary>
/// <param name="Number">Counts requests from 1.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Key">The object's key; empty for the bucket.</param>
/// <param name="Operation"><c>put get head delete list create-upload part complete abort list-uploads head-bucket</c>.</param>
public sealed record S3Call(int Number, string Method, string Key, string Operation);
