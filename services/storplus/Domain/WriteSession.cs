using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Storplus.Domain;

public enum WriteSessionState
{
    /// <summary>Its machine may write.</summary>
    Open,
    /// <summary>Its point is listed.</summary>
    Committed,
    /// <summary>It ended without a point; its task may open it again.</summary>
    Abandoned,
}

/// <summary>The right of one task to make one recovery point; its id is the id of the point's row too.</summary>
public sealed class WriteSession : ITenantOwned
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "storplus.session.not_found", "No such write session.");
    public static readonly Error Ended = new(ErrorKind.Conflict, "storplus.session.ended", "The write session has ended without a recovery point.");
    public static readonly Error Committed = new(ErrorKind.Conflict, "storplus.session.committed", "The write session has its recovery point already.");
    public static readonly Error OtherRequest = new(ErrorKind.Conflict, "storplus.session.other_request", "The task's write session is of another host or storage pool.");

    private WriteSession()
    {
    }

    public Guid Id { get; private init; }
    public Guid TenantId { get; private init; }
    public Guid TaskId { get; private init; }
    public Guid HostId { get; private init; }
    public string HostName { get; private init; } = "";
    public Guid PoolId { get; private init; }
    public Guid RepositoryId { get; private init; }
    public WriteSessionState State { get; private set; }
    /// <summary>The point to compare with; null for a full read.</summary>
    public string? ParentPointId { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    public DateTimeOffset ExpiresAt { get; private set; }
    /// <summary>When to look for manifests that it may have left; null when there is no need.</summary>
    public DateTimeOffset? CleanAt { get; private set; }

    public static WriteSession Of(Guid taskId, Guid hostId, string hostName, TenantRepository repository, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(), TenantId = repository.TenantId, TaskId = taskId, HostId = hostId, HostName = hostName,
        PoolId = repository.PoolId, RepositoryId = repository.Id, CreatedAt = now,
    };

    public void Open(string? parentPointId, DateTimeOffset expiresAt) => (State, ParentPointId, ExpiresAt, CleanAt) = (WriteSessionState.Open, parentPointId, expiresAt, null);

    /// <summary>Its machine asks for keys again.</summary>
    public void Renew(DateTimeOffset expiresAt) => ExpiresAt = expiresAt;

    public void Commit() => State = WriteSessionState.Committed;

    public void Abandon(DateTimeOffset now) => (State, CleanAt) = (WriteSessionState.Abandoned, now);

    /// <summary>Nothing of it is left now; as long as its keys work, a machine that was cut off may still publish, so it is looked at once more after them.</summary>
    public void Cleaned(DateTimeOffset now) => CleanAt = now > ExpiresAt ? null : ExpiresAt + TimeSpan.FromHours(1);
}
