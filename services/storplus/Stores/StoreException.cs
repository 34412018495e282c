namespace HyperBdr.Storplus.Stores;

/// <summary>Why a store refused; closed, so that each has one stable code and one sentence for people.</summary>
internal enum StoreFault
{
    /// <summary>Name resolution failed.</summary>
    NameNotResolved,
    /// <summary>The address is not one that this installation may call.</summary>
    AddressNotAllowed,
    /// <summary>Nothing answers at the address.</summary>
    NotReachable,
    /// <summary>Too slow.</summary>
    Timeout,
    /// <summary>The certificate is not trusted or the TLS handshake failed.</summary>
    TlsNotTrusted,
    /// <summary>The access key is not known, or the secret is another one.</summary>
    CredentialsWrong,
    /// <summary>The credentials are right but may not do this.</summary>
    AccessDenied,
    /// <summary>Client and store disagree on the time.</summary>
    ClockSkew,
    /// <summary>The bucket or folder does not exist.</summary>
    PlaceMissing,
    /// <summary>The bucket is elsewhere: other region or endpoint; redirects are not followed.</summary>
    WrongRegion,
    /// <summary>The blob does not exist.</summary>
    BlobMissing,
    /// <summary>No space or quota left.</summary>
    Full,
    /// <summary>The file system or bucket takes no writes.</summary>
    ReadOnly,
    /// <summary>The store does not know conditional creation.</summary>
    ConditionNotSupported,
    /// <summary>The store asks to slow down, or is in maintenance.</summary>
    Busy,
    /// <summary>The folder is outside of the allowed roots, or a link.</summary>
    FolderNotAllowed,
    /// <summary>The answer is not S3.</summary>
    NotAStore,
    /// <summary>An input or output error of the device.</summary>
    Io,
}

/// <summary>A failure of a store: the fault, what was done and to what.</summary>
internal sealed class StoreException(StoreFault fault, string action, string name, string detail, Exception? inner = null)
    : Exception($"{action} {name}: {fault}: {detail}", inner)
{
    public StoreFault Fault => fault;

    public string Action => action;

    /// <summary>What the store said, in few words; holds no secret.</summary>
    public string Detail => detail;
}
