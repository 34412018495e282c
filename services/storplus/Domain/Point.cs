using System.Text.Json;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Retention;
using HyperBdr.Engine.Points;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Storplus.Domain;

/// <summary>States of a recovery point; wire words as in the compatibility reference.</summary>
public enum PointState
{
    /// <summary>Its session is open; nothing can be restored from it.</summary>
    CreateDoing,
    /// <summary>Whole, verified and listed.</summary>
    CreateDone,
    /// <summary>Its session ended without a whole point; nothing of it is in the repository.</summary>
    CreateFailed,
    /// <summary>Decided to go; its manifest is being removed.</summary>
    Deleting,
}

/// <summary>A disk of a point.</summary>
public sealed record DiskFacts(string Id, long LengthBytes);

/// <summary>What a finished point is.</summary>
public sealed record PointFacts(
    string PointId, DateTimeOffset TakenAt, string Consistency, string Mode, IReadOnlyList<DiskFacts> Disks,
    long ReadBytes, long UnchangedBytes, long DeduplicatedBytes, long AddedBytes, long StoredBytes, long SentBytes)
{
    /// <summary>The longest time that a file system stood still.</summary>
    public long FreezeUs { get; init; }

    public long DurationUs { get; init; }

    /// <summary>Why it is no more consistent; null when there is nothing to explain.</summary>
    public string? ConsistencyReason { get; init; }

    /// <summary>Why its mode is not the one that was asked for.</summary>
    public string? ModeReason { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What a manifest alone says.</summary>
    public static PointFacts Of(string pointId, RecoveryPoint manifest)
    {
        var consistency = manifest.Consistency switch
        {
            Engine.Points.Consistency.Application => "application",
            Engine.Points.Consistency.FileSystem => "file_system",
            _ => "crash",
        };
        var s = manifest.Statistics;
        return new PointFacts(pointId, manifest.TakenAt, consistency, manifest.Parent is null ? "full" : "incremental", [.. manifest.Disks.Select(d => new DiskFacts(d.Name, d.Length))],
            s.Read, s.Unchanged, s.Deduplicated, s.Added, s.Stored, s.Stored);
    }
}

/// <summary>A recovery point in the catalogue. What is not <see cref="PointState.CreateDone"/> here is no recovery point, whatever lies in the store.</summary>
public sealed class Point : ITenantOwned
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "storplus.point.not_found", "No such recovery point.");
    public static readonly Error LastGood = new(ErrorKind.Conflict, "storplus.point.last_good", "This is the host's last good recovery point; say so explicitly to delete it.");
    public static readonly Error OnHold = new(ErrorKind.Conflict, "storplus.point.held", "The recovery point is on hold; release it first.");
    public static readonly Error InProgress = new(ErrorKind.Conflict, "storplus.point.in_progress", "The recovery point is being made or deleted.");
    public static readonly Error QuotaExhausted = new(ErrorKind.Conflict, "storplus.points.quota_exhausted", "Retained and held recovery points fill the host's quota; nothing may be removed for a new one.");

    private Point()
    {
    }

    /// <summary>The id of its session.</summary>
    public Guid Id { get; private init; }
    public Guid TenantId { get; private init; }
    /// <summary>Name of its manifest; null until it is done.</summary>
    public string? PointId { get; private set; }
    public Guid HostId { get; private init; }
    public string HostName { get; private init; } = "";
    public Guid PoolId { get; private init; }
    public Guid RepositoryId { get; private init; }
    public PointState State { get; private set; }
    /// <summary>Why it failed: stable code and a sentence.</summary>
    public string? Code { get; private set; }
    public string? Reason { get; private set; }
    /// <summary>When its disks were as they are kept; the begin of its session until that is known.</summary>
    public DateTimeOffset TakenAt { get; private set; }
    public DateTimeOffset? DoneAt { get; private set; }
    public string Consistency { get; private set; } = "";
    public string Mode { get; private set; } = "";
    /// <summary>JSON of <see cref="DiskFacts"/>.</summary>
    public string Disks { get; private set; } = "[]";
    public long LengthBytes { get; private set; }
    public long ReadBytes { get; private set; }
    public long UnchangedBytes { get; private set; }
    public long DeduplicatedBytes { get; private set; }
    public long AddedBytes { get; private set; }
    public long StoredBytes { get; private set; }
    public long SentBytes { get; private set; }
    public long FreezeUs { get; private set; }
    public long DurationUs { get; private set; }
    public string? ConsistencyReason { get; private set; }
    public string? ModeReason { get; private set; }
    /// <summary>JSON of a list.</summary>
    public string Warnings { get; private set; } = "[]";
    /// <summary>What the last verification found wrong with it; null when nothing.</summary>
    public string? Damage { get; private set; }
    public int DayOrdinal { get; private set; }
    public int WeekOrdinal { get; private set; }
    public int MonthOrdinal { get; private set; }
    public int YearOrdinal { get; private set; }
    /// <summary>Why it may not be removed; null when it is not on hold.</summary>
    public string? HoldReason { get; private set; }
    public string? HeldBy { get; private set; }
    public DateTimeOffset? HeldAt { get; private set; }
    public string? DeleteReason { get; private set; }

    /// <summary>What the point is called outside: its manifest's name, or before it has one the id of its session.</summary>
    public string WireId => PointId ?? Id.ToString();

    public PeriodOrdinals Ordinals => new(DayOrdinal, WeekOrdinal, MonthOrdinal, YearOrdinal);

    public IReadOnlyList<DiskFacts> DiskList => JsonSerializer.Deserialize<List<DiskFacts>>(Disks) ?? [];

    public IReadOnlyList<string> WarningList => JsonSerializer.Deserialize<List<string>>(Warnings) ?? [];

    public CountedPoint Counted => new(new RetainablePoint(Id.ToString(), TakenAt, Ordinals), State == PointState.CreateDone, HoldReason is not null) { Available = Damage is null };

    public static Point Of(WriteSession session, DateTimeOffset now) => new()
    {
        Id = session.Id, TenantId = session.TenantId, HostId = session.HostId, HostName = session.HostName,
        PoolId = session.PoolId, RepositoryId = session.RepositoryId, TakenAt = now,
    };

    /// <summary>Found in the repository, and in no catalogue.</summary>
    public static Point Imported(TenantRepository repository, Guid hostId, string hostName, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(), TenantId = repository.TenantId, HostId = hostId, HostName = hostName,
        PoolId = repository.PoolId, RepositoryId = repository.Id, TakenAt = now,
    };

    /// <summary>Its session was opened, perhaps again.</summary>
    public void Begin() => (State, Code, Reason) = (PointState.CreateDoing, null, null);

    public void Done(PointFacts facts, PeriodOrdinals ordinals, DateTimeOffset now)
    {
        (State, PointId, TakenAt, DoneAt, Consistency, Mode) = (PointState.CreateDone, facts.PointId, facts.TakenAt, now, facts.Consistency, facts.Mode);
        (Disks, LengthBytes) = (JsonSerializer.Serialize(facts.Disks), facts.Disks.Sum(d => d.LengthBytes));
        (ReadBytes, UnchangedBytes, DeduplicatedBytes, AddedBytes, StoredBytes, SentBytes) = (facts.ReadBytes, facts.UnchangedBytes, facts.DeduplicatedBytes, facts.AddedBytes, facts.StoredBytes, facts.SentBytes);
        (FreezeUs, DurationUs, ConsistencyReason, ModeReason, Warnings) = (facts.FreezeUs, facts.DurationUs, facts.ConsistencyReason, facts.ModeReason, JsonSerializer.Serialize(facts.Warnings));
        (DayOrdinal, WeekOrdinal, MonthOrdinal, YearOrdinal) = (ordinals.Day, ordinals.Week, ordinals.Month, ordinals.Year);
    }

    /// <summary>What a verification found.</summary>
    /// <returns>True when this is news.</returns>
    public bool Checked(string? damage)
    {
        var news = damage is null != Damage is null;
        Damage = damage;
        return news;
    }

    public void Fail(string code, string reason) => (State, Code, Reason) = (PointState.CreateFailed, code, reason);

    public void Hold(string reason, string by, DateTimeOffset now) => (HoldReason, HeldBy, HeldAt) = (reason, by, now);

    public void Release() => (HoldReason, HeldBy, HeldAt) = (null, null, null);

    /// <summary>Decided; the manifest goes after this is durable.</summary>
    public void Delete(string reason) => (State, DeleteReason) = (PointState.Deleting, reason);
}
