using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Report.Domain;

/// <summary>Where an export stands.</summary>
public enum ExportState
{
    Waiting,
    /// <summary>A process works on it; when that process ends, another takes it up after its lease.</summary>
    Exporting,
    Completed,
    Failed,
    /// <summary>Its file was removed after <see cref="Export.KeptFor"/>.</summary>
    Expired,
}

public enum ExportFormat
{
    Csv,
    Xlsx,
}

/// <summary>One file that somebody asked for; the row is the job.</summary>
public sealed class Export : ITenantOwned
{
    public const string Audit = "audit";
    public const int MaxAttempts = 6;
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(7);
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    public Guid Id { get; init; }
    public Guid TenantId { get; init; }
    public required string Type { get; init; }
    public ExportFormat Format { get; init; }
    public DateTimeOffset? From { get; init; }
    public DateTimeOffset? To { get; init; }

    /// <summary>IANA name of the zone that times are shown in.</summary>
    public required string TimeZone { get; init; }
    public required string CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    public ExportState State { get; private set; }
    public DateTimeOffset? FinishedAt { get; private set; }
    public long? Rows { get; private set; }
    public long? SizeBytes { get; private set; }

    /// <summary>Why it failed, for people.</summary>
    public string? Error { get; private set; }

    /// <summary>How often a process took it up.</summary>
    public int Attempts { get; private set; }

    /// <summary>Which take-up works on it; a process that lost its lease finds another one here and leaves the row alone.</summary>
    public Guid? LeaseId { get; private set; }
    public DateTimeOffset? LeaseUntil { get; private set; }

    /// <summary>PostgreSQL's row version.</summary>
    public uint Version { get; private set; }

    /// <summary>Server-made: <c>{id}.csv</c> or <c>{id}.xlsx</c>.</summary>
    public string FileName => $"{Id}.{Extension}";

    public string Extension => Format == ExportFormat.Csv ? "csv" : "xlsx";

    public void Take(Guid lease, DateTimeOffset now) =>
        (State, LeaseId, LeaseUntil, Attempts) = (ExportState.Exporting, lease, now + Lease, Attempts + 1);

    public void Renew(DateTimeOffset now) => LeaseUntil = now + Lease;

    /// <summary>Nothing is lost: the next try is due after a pause that grows.</summary>
    public void TryAgain(DateTimeOffset now) => (LeaseId, LeaseUntil) = (null, now + TimeSpan.FromSeconds(2 * Attempts));

    public void Complete(long rows, long sizeBytes, DateTimeOffset now) =>
        (State, Rows, SizeBytes, FinishedAt, Error, LeaseId, LeaseUntil) = (ExportState.Completed, rows, sizeBytes, now, null, null, null);

    public void Fail(string reason, DateTimeOffset now) =>
        (State, Error, FinishedAt, LeaseId, LeaseUntil) = (ExportState.Failed, reason, now, null, null);

    public void Expire() => (State, SizeBytes) = (ExportState.Expired, null);
}
