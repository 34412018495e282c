using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Storplus.Domain;

public enum MaintenanceKind
{
    /// <summary>Removes what no point needs.</summary>
    Collect,
    /// <summary>Manifests, block maps, index and the list of packs.</summary>
    Verify,
    /// <summary>Reads the next share of all packs too.</summary>
    Scrub,
    /// <summary>Lists points that are in the repository and in no catalogue. Never by itself.</summary>
    Import,
}

public enum MaintenanceState
{
    Waiting,
    /// <summary>Somebody holds its lease; when that has ended, another goes on.</summary>
    Running,
    Done,
    Failed,
    Cancelled,
}

/// <summary>One run of maintenance over one repository. At most one of a repository runs at a time, and at most one of a kind waits or runs.</summary>
public sealed class MaintenanceRun : ITenantOwned
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "storplus.run.not_found", "No such maintenance run.");
    public static readonly Error AlreadyThere = new(ErrorKind.Conflict, "storplus.run.exists", "A run of this kind waits or runs already.");
    public static readonly Error Over = new(ErrorKind.Conflict, "storplus.run.ended", "The maintenance run has ended.");

    private MaintenanceRun()
    {
    }

    public Guid Id { get; private init; }
    public Guid TenantId { get; private init; }
    public Guid RepositoryId { get; private init; }
    public MaintenanceKind Kind { get; private init; }
    public MaintenanceState State { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    public DateTimeOffset? StartedAt { get; private set; }
    public DateTimeOffset? EndedAt { get; private set; }
    public Guid? LeaseOwner { get; private set; }
    public DateTimeOffset? LeaseUntil { get; private set; }
    public bool CancelRequested { get; private set; }
    /// <summary>Stable code of a failed run, or of the damage that a verification found.</summary>
    public string? Code { get; private set; }
    public string? Message { get; private set; }
    /// <summary>JSON of what it did, by kind.</summary>
    public string? Result { get; private set; }

    public static MaintenanceRun Of(TenantRepository repository, MaintenanceKind kind, DateTimeOffset now) =>
        new() { Id = Guid.CreateVersion7(), TenantId = repository.TenantId, RepositoryId = repository.Id, Kind = kind, CreatedAt = now };

    /// <summary>A run that waits is cancelled at once; one that runs, by whoever runs it.</summary>
    public void Cancel(DateTimeOffset now)
    {
        CancelRequested = true;
        if (State == MaintenanceState.Waiting) End(MaintenanceState.Cancelled, null, null, null, now);
    }

    public void End(MaintenanceState state, string? code, string? message, string? result, DateTimeOffset now) =>
        (State, Code, Message, Result, EndedAt, LeaseOwner, LeaseUntil) = (state, code, message, result, now, null, null);
}

/// <summary>What a repository held on one day, for growth.</summary>
public sealed class CapacitySample : ITenantOwned
{
    public required Guid RepositoryId { get; init; }
    public required DateOnly Day { get; init; }
    public required Guid TenantId { get; init; }
    public required long UsedBytes { get; set; }
}
