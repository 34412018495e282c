namespace HyperBdr.Identity.Domain;

/// <summary>A grant of host units to a customer for a time.</summary>
public sealed class Licence
{
    /// <summary>A host in forward protection, in failback, in migration.</summary>
    public static readonly IReadOnlyList<string> Kinds = ["dr", "failback", "migration"];

    /// <summary>The code of the licence that every new customer begins with.</summary>
    public const string EvaluationCode = "evaluation";

    public required Guid Id { get; init; }
    public required Guid TenantId { get; init; }
    /// <summary>One of <see cref="Kinds"/>.</summary>
    public required string Kind { get; init; }
    public required int Units { get; init; }
    public required int Days { get; init; }
    /// <summary>Id of its activation code, or <see cref="EvaluationCode"/>: a customer activates each once.</summary>
    public required string Code { get; init; }
    public required DateTimeOffset ActivatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public required string ActivatedBy { get; init; }
    /// <summary>Days before its end of the last warning; 0 when its end was told.</summary>
    public int? WarnedDays { get; set; }
}

/// <summary>Something that happened to a unit, as ant told it.</summary>
public sealed class LicenceLogRow
{
    public required Guid Id { get; init; }
    public required Guid TenantId { get; init; }
    public required Guid LicenceId { get; init; }
    public required Guid HostId { get; init; }
    public required string HostName { get; init; }
    /// <summary><c>taken</c> or <c>released</c>.</summary>
    public required string Change { get; init; }
    public required string Operator { get; init; }
    public required DateTimeOffset At { get; init; }
}

/// <summary>The unit that a host has; a host has one at most.</summary>
public sealed class LicenceHolder
{
    public required Guid HostId { get; init; }
    public required Guid TenantId { get; init; }
    public required Guid LicenceId { get; set; }
    public DateTimeOffset? ReleasedAt { get; set; }
}
