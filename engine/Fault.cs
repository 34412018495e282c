namespace HyperBdr.Engine;

/// <summary>What went wrong, as a closed list; <see cref="FaultCodes"/> gives each its stable code.</summary>
public enum Fault
{
    /// <summary>An argument or a setting is outside of what the operation takes; nothing was done.</summary>
    InvalidArgument,
    /// <summary>The object that was asked for does not exist.</summary>
    NotFound,
    /// <summary>The store cannot be reached, timed out, or answered that it is busy: trying again may help.</summary>
    StoreUnavailable,
    /// <summary>The store refuses the credentials or the operation.</summary>
    StoreRefused,
    /// <summary>The store has no room left.</summary>
    StoreFull,
    /// <summary>The store failed in another way; trying again does not help.</summary>
    StoreFailed,
    /// <summary>The store broke its own promises: other bytes, sizes or names than were put.</summary>
    StoreLies,
    /// <summary>A name is taken by an object with other content.</summary>
    NameTaken,
    /// <summary>There is no repository at this place.</summary>
    NoRepository,
    /// <summary>There is a repository (or something else) at this place already.</summary>
    RepositoryExists,
    /// <summary>None of the repository's key slots opens with this key.</summary>
    WrongKey,
    /// <summary>The object is sealed under an epoch that the key ring at hand does not hold: follow the key chain, then try again.</summary>
    MissingEpoch,
    /// <summary>The object belongs to another repository or tenant.</summary>
    ForeignRepository,
    /// <summary>The object's format or a mandatory feature is newer than this program.</summary>
    NewerFormat,
    /// <summary>Stored bytes are not what was written.</summary>
    Corrupt,
    /// <summary>A chunk or map node that a recovery point needs is in no pack.</summary>
    MissingData,
    /// <summary>The source cannot be read at one place.</summary>
    SourceUnreadable,
    /// <summary>The source is shorter than when the session began.</summary>
    SourceShrank,
    /// <summary>The source is longer than when the session began.</summary>
    SourceGrew,
    /// <summary>The target cannot be written at one place, or is too small.</summary>
    TargetFailed,
    /// <summary>The store's clock went backwards or leapt forward; what depends on ages has stopped.</summary>
    ClockJumped,
    /// <summary>A write session is older than the collector allows; nothing was published.</summary>
    SessionOutlived,
    /// <summary>Another process holds what this operation needs alone.</summary>
    Busy,
    /// <summary>The operation would destroy what a hold, a lock or a safety share protects.</summary>
    Protected,
    /// <summary>The peer on a connection broke its protocol.</summary>
    Protocol,
    /// <summary>A local cache folder cannot be used or written: no room, or no rights. The repository is not concerned.</summary>
    CacheFailed,
}

/// <summary>Codes that scripts and services may rely on; a code never changes its meaning.</summary>
public static class FaultCodes
{
    /// <summary>The stable code of a fault, for example <c>engine.store.unavailable</c>.</summary>
    public static string Code(this Fault fault) => fault switch
    {
        Fault.InvalidArgument => "engine.argument.invalid",
        Fault.NotFound => "engine.object.not_found",
        Fault.StoreUnavailable => "engine.store.unavailable",
        Fault.StoreRefused => "engine.store.refused",
        Fault.StoreFull => "engine.store.full",
        Fault.StoreFailed => "engine.store.failed",
        Fault.StoreLies => "engine.store.lies",
        Fault.NameTaken => "engine.store.name_taken",
        Fault.NoRepository => "engine.repository.none",
        Fault.RepositoryExists => "engine.repository.exists",
        Fault.WrongKey => "engine.repository.wrong_key",
        Fault.MissingEpoch => "engine.repository.missing_epoch",
        Fault.ForeignRepository => "engine.repository.foreign",
        Fault.NewerFormat => "engine.repository.newer_format",
        Fault.Corrupt => "engine.data.corrupt",
        Fault.MissingData => "engine.data.missing",
        Fault.SourceUnreadable => "engine.source.unreadable",
        Fault.SourceShrank => "engine.source.shrank",
        Fault.SourceGrew => "engine.source.grew",
        Fault.TargetFailed => "engine.target.failed",
        Fault.ClockJumped => "engine.clock.jumped",
        Fault.SessionOutlived => "engine.session.outlived",
        Fault.Busy => "engine.busy",
        Fault.Protected => "engine.protected",
        Fault.Protocol => "engine.protocol",
        Fault.CacheFailed => "engine.cache.failed",
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
    };
}
