using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Ant.Domain.Licences;

/// <summary>What identity told of a licence: so many hosts of the tenant may be protected for so long.</summary>
public sealed class Licence : ITenantOwned
{
    /// <summary>The kind that forward protection needs.</summary>
    public const string Dr = "dr";

    /// <summary>After deregistration a unit stays taken so long: it is no turnstile.</summary>
    public static readonly TimeSpan ReturnsAfter = TimeSpan.FromHours(24);

    /// <summary>A clock that was put back further than this suspends the licence.</summary>
    public static readonly TimeSpan ClockMayGoBack = TimeSpan.FromHours(24);

    public static readonly Error Insufficient = new(ErrorKind.Conflict, "license_insufficient", "No licence unit is free for the host: add a licence, or deregister a host that needs no protection any more.");
    public static readonly Error ClockPutBack = new(ErrorKind.Conflict, "license_clock", "The clock of this installation was put back by more than a day: licences are suspended until it is right again.");

    public required Guid Id { get; init; }
    public required Guid TenantId { get; init; }
    public required string Kind { get; init; }
    public required int Units { get; init; }
    public required DateTimeOffset StartsAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    /// <summary>The latest moment at which it was used, within an hour.</summary>
    public DateTimeOffset SeenAt { get; set; }

    public bool IsValid(DateTimeOffset now) => StartsAt <= now && now < ExpiresAt;
}

/// <summary>The unit of a licence that a host has; a host has one at most.</summary>
public sealed class LicenceUnit : ITenantOwned
{
    public required Guid HostId { get; init; }
    public required Guid TenantId { get; init; }
    public required Guid LicenceId { get; set; }
    public required DateTimeOffset TakenAt { get; set; }
    /// <summary>When its host was deregistered.</summary>
    public DateTimeOffset? ReleasedAt { get; set; }
}
