using System.Text.Json.Serialization;

namespace HyperBdr.Hbdr.Output;

// As in Documents.cs: a field is never renamed or removed; sizes are bytes, times are UTC.

/// <param name="Level"><c>quick</c>, <c>tags</c> or <c>full</c>.</param>
/// <param name="Whole">True when there are neither findings nor damage.</param>
/// <param name="UnindexedPacks">Of sessions that run or were killed: no fault.</param>
internal sealed record VerifyDocument(
    string Level, bool Whole, int Points, long Packs, long Blobs, int UnindexedPacks, IReadOnlyList<ErrorFields> Findings, long FindingsLeftOut, IReadOnlyList<DamageFields> Damage, double Seconds);

/// <param name="Ranges">Bytes of the disk that are lost.</param>
internal sealed record DamageFields(string Point, string Host, string Disk, long LostBytes, IReadOnlyList<RangeFields> Ranges);

/// <param name="Points">Null with <c>--no-retention</c>.</param>
/// <param name="Collection">Null with <c>--dry-run</c>.</param>
internal sealed record PruneDocument(bool DryRun, IReadOnlyList<DecisionFields>? Points, CollectionFields? Collection);

/// <param name="Reasons">Why it is kept; empty when it goes.</param>
internal sealed record DecisionFields(string Point, string Host, DateTimeOffset? TakenAt, bool Keep, IReadOnlyList<string> Reasons, bool NeedsAttention);

internal sealed record CollectionFields(
    uint Epoch, int Points, IReadOnlyList<string> VoidPoints, int Condemned, int NeededAgain, int Waiting, int Compacted, int DeletedPacks, long DeletedBytes, bool Superseded, IReadOnlyList<ErrorFields> Findings);

internal sealed record DeleteDocument(string Point, string? Host);

internal sealed record RebuildDocument(int PacksAdded, int ObjectsAdded, IReadOnlyList<string> Quarantined, IReadOnlyList<ErrorFields> Findings, double Seconds);

internal sealed record RepairDocument(VerifyDocument Before, int Salvaged, int LostBlobs, IReadOnlyList<string> Quarantined, IReadOnlyList<DamageFields> Lost, double Seconds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(VerifyDocument))]
[JsonSerializable(typeof(PruneDocument))]
[JsonSerializable(typeof(DeleteDocument))]
[JsonSerializable(typeof(RebuildDocument))]
[JsonSerializable(typeof(RepairDocument))]
internal sealed partial class MaintenanceJson : JsonSerializerContext;
