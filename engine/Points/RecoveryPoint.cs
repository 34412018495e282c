using System.Text.Json.Serialization;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;

namespace HyperBdr.Engine.Points;

/// <summary>What a manifest says of a recovery point (docs/formats/manifest.md).</summary>
/// <param name="Host">What the machine is called; points are kept and listed by it. 1 to 200 characters.</param>
/// <param name="TakenAt">When the disks were as they are kept, by the store's clock.</param>
/// <param name="Disks">1 to 256 disks.</param>
/// <param name="Consistency">How the disks belong together.</param>
/// <param name="Parent">The point that it was compared with; null for a full read.</param>
/// <param name="Epoch">The collector's epoch when its session began.</param>
/// <param name="Tags">Names and values of the operator's own.</param>
/// <param name="Statistics">What the session did.</param>
public sealed record RecoveryPoint(
    string Host,
    DateTimeOffset TakenAt,
    IReadOnlyList<DiskRecord> Disks,
    Consistency Consistency,
    string? Parent,
    uint Epoch,
    IReadOnlyDictionary<string, string> Tags,
    PointStatistics Statistics);

/// <summary>One disk of a recovery point.</summary>
/// <param name="Name">The disk's name on its host, unique in the point.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Root">Id of the block map's root node, 64 hexadecimal digits; null when the disk is a hole.</param>
/// <param name="Level">Level of the root.</param>
/// <param name="Fragmented">Leaves of the map that the next session writes as whole chunks again.</param>
public sealed record DiskRecord(string Name, long Length, string? Root, int Level, IReadOnlyList<long> Fragmented)
{
    /// <summary>The root of the disk's block map.</summary>
    [JsonIgnore]
    public MapRoot Map => new(Root is null ? default : new ChunkId(new Hash256(Convert.FromHexString(Root))), Level, Length);
}

/// <summary>What holds between the disks of a point and the programs that wrote them.</summary>
public enum Consistency
{
    /// <summary>As after a power cut at the end of the read.</summary>
    Crash,
    /// <summary>File systems were frozen.</summary>
    FileSystem,
    /// <summary>Applications were quiesced.</summary>
    Application,
}

/// <summary>What a session read and wrote, in bytes.</summary>
/// <param name="Read">Read from the sources.</param>
/// <param name="Unchanged">Found as in the parent.</param>
/// <param name="Deduplicated">Found in other chunks.</param>
/// <param name="Added">Plain bytes of new chunks.</param>
/// <param name="Stored">Bytes of new packs.</param>
public sealed record PointStatistics(long Read, long Unchanged, long Deduplicated, long Added, long Stored);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip)]
[JsonSerializable(typeof(RecoveryPoint))]
internal sealed partial class ManifestJson : JsonSerializerContext;
