using System.Text.Json.Serialization;

namespace HyperBdr.Hbdr.Output;

// What --json prints. A field is never renamed or removed; sizes are bytes, times are UTC.
internal sealed record ErrorDocument(ErrorFields Error);

internal sealed record ErrorFields(string Code, string Subject, string Message);

internal sealed record ProgressDocument(string Doing, long Total, long Done, long Read, long Stored, long BytesPerSecond, double? SecondsLeft, string? Counts);

internal sealed record InitDocument(RepositoryFields Repository, string? KeyFile, bool KeyFileCreated, string? EscrowFingerprint);

internal sealed record RepositoryFields(Guid Id, Guid Tenant, string Location, DateTimeOffset CreatedAt);

internal sealed record BackupDocument(PointFields Point, double Seconds);

internal sealed record PointsDocument(IReadOnlyList<PointFields> Points);

/// <param name="State"><c>ok</c>; <c>unreadable</c>: <paramref name="Fault"/> says why; <c>void</c>: the collector outran it, it must not be restored.</param>
internal sealed record PointFields(
    string Id, string State, string? Host, DateTimeOffset? TakenAt, string? Consistency, string? Parent, long Size, IReadOnlyList<DiskFields> Disks,
    StatisticsFields? Statistics, IReadOnlyDictionary<string, string>? Tags, ErrorFields? Fault);

internal sealed record DiskFields(int Number, string Name, long Length);

internal sealed record StatisticsFields(long Read, long Unchanged, long Deduplicated, long Added, long Stored);

internal sealed record RestoreDocument(string Point, string Disk, string Target, long Length, long Written, double Seconds);

internal sealed record ContentDocument(string Point, IReadOnlyList<DiskContent> Disks);

/// <param name="Unclear">Why the disk's partitions are not known; null when they are.</param>
internal sealed record DiskContent(int Number, string Name, long Length, string? Unclear, IReadOnlyList<VolumeContent> Volumes);

/// <param name="Used">Bytes in use; null when the volume does not tell.</param>
internal sealed record VolumeContent(long Offset, long Length, string Kind, long? Used);

internal sealed record DiffDocument(string Before, string After, IReadOnlyList<DiskDifference> Disks);

internal sealed record DiskDifference(string Disk, long LengthBefore, long LengthAfter, long Bytes, IReadOnlyList<RangeFields> Ranges);

internal sealed record RangeFields(long Offset, long Length);

internal sealed record ValidationDocument(string Location, bool Holds, IReadOnlyList<CheckFields> Checks);

internal sealed record CheckFields(string Name, bool Holds, double Seconds, ErrorFields? Fault);

internal sealed record KeysDocument(uint SealEpoch, IReadOnlyList<SlotFields> Keys);

internal sealed record SlotFields(string Id, string? Kind, string? Label, DateTimeOffset? CreatedAt, string? EscrowFingerprint, ErrorFields? Fault);

internal sealed record KeyDocument(SlotFields Key);

internal sealed record RotationDocument(uint SealEpoch);

internal sealed record ExportDocument(string Location, IReadOnlyList<string> Objects);

internal sealed record MountDocument(string Point, string Disk, long Length, string Uri, bool Writable);

/// <param name="State"><c>proven</c>, <c>unproven</c> (nothing was asked for) or <c>failed</c>: <paramref name="Reason"/> says why.</param>
/// <param name="StartSeconds">From the command's begin until QEMU runs.</param>
internal sealed record BootDocument(string Point, string State, string Accelerator, double StartSeconds, double ProofSeconds, string? Evidence, string? Reason);

internal sealed record BenchDocument(int Rounds, int Processors, IReadOnlyList<BenchRun> Medians);

/// <param name="CpuSeconds">User and system time.</param>
/// <param name="StoredMib">Growth of the repository's folder.</param>
/// <param name="PeakMib">Most resident memory during the case.</param>
internal sealed record BenchRun(string Case, double CpuSeconds, double Seconds, double StoredMib, double PeakMib);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorDocument))]
[JsonSerializable(typeof(ProgressDocument))]
[JsonSerializable(typeof(InitDocument))]
[JsonSerializable(typeof(BackupDocument))]
[JsonSerializable(typeof(PointsDocument))]
[JsonSerializable(typeof(RestoreDocument))]
[JsonSerializable(typeof(ContentDocument))]
[JsonSerializable(typeof(DiffDocument))]
[JsonSerializable(typeof(ValidationDocument))]
[JsonSerializable(typeof(KeysDocument))]
[JsonSerializable(typeof(KeyDocument))]
[JsonSerializable(typeof(RotationDocument))]
[JsonSerializable(typeof(ExportDocument))]
[JsonSerializable(typeof(MountDocument))]
[JsonSerializable(typeof(BootDocument))]
[JsonSerializable(typeof(BenchDocument))]
internal sealed partial class ReportJson : JsonSerializerContext;
