using System.Text.Json;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.ServiceDefaults;

namespace HyperBdr.Ant.Plans.Syncs;

/// <summary>What a machine measured of a sync that made a point.</summary>
/// <param name="Consistency"><c>application</c>, <c>file_system</c> or <c>crash</c>; <paramref name="ConsistencyReason"/> says why it is no more.</param>
/// <param name="ModeReason">Why the mode is not the one that was asked for.</param>
/// <param name="FreezeUs">The longest time that a file system stood still.</param>
public sealed record SyncOutcome(
    string PointId, string Mode, string? ModeReason, string Consistency, string? ConsistencyReason, DateTimeOffset? TakenAt,
    long ReadBytes, long SkippedBytes, long StoredBytes, long SentBytes, long DurationUs, long FreezeUs, IReadOnlyList<string> Warnings)
{
    private const int MostWarnings = 32;
    private const int LongestText = 1000;

    internal static SyncOutcome Of(SyncResult s) => new(
        s.PointId, s.Mode, Cut(s.ModeReason), s.Consistency, Cut(s.ConsistencyReason), s.TakenAt?.ToDateTimeOffset(),
        s.ReadBytes, s.SkippedBytes, s.StoredBytes, s.SentBytes, s.DurationUs, s.FreezeUs, [.. s.Warnings.Take(MostWarnings).Select(w => Cut(w) ?? "")]);

    internal string ToText() => JsonSerializer.Serialize(this, Json.Options);

    internal static SyncOutcome Parse(string text) => JsonSerializer.Deserialize<SyncOutcome>(text, Json.Options)!;

    private static string? Cut(string text) => text.Length == 0 ? null : text.Length <= LongestText ? text : text[..LongestText];
}
