using System.Text.Json.Serialization;

namespace HyperBdr.S3Block.Storage;

/// <summary>One stored version of an object (or one part of an upload): what the end of its file says about it.</summary>
internal sealed record Entry
{
    public const string NullVersion = "null";

    public required string Key { get; init; }

    /// <summary>Unique and growing with time (<see cref="OrderClock"/>); the version id too, but for null versions.</summary>
    public string Id { get; init; } = "";

    /// <summary>Written while versioning was off or suspended.</summary>
    public bool IsNull { get; init; }

    /// <summary>A delete marker.</summary>
    public bool Marker { get; init; }

    public long Length { get; init; }

    /// <summary>Without quotes.</summary>
    public string ETag { get; init; } = "";

    /// <summary>Unix milliseconds.</summary>
    public long ModifiedAt { get; init; }

    /// <summary>Content headers and user metadata, by lower-case name, as they are answered.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>By algorithm: what <c>x-amz-checksum-…</c> answers.</summary>
    public IReadOnlyDictionary<string, string>? Checksums { get; init; }

    /// <summary>FULL_OBJECT or COMPOSITE.</summary>
    public string? ChecksumType { get; init; }

    /// <summary>The upload whose parts are this object's bytes; null when the bytes are in the same file.</summary>
    public string? Upload { get; init; }

    public IReadOnlyList<EntryPart>? Parts { get; init; }

    public Amendment? Extra { get; init; }

    [JsonIgnore]
    public string VersionId => IsNull ? NullVersion : Id;

    [JsonIgnore]
    public DateTimeOffset Modified => DateTimeOffset.FromUnixTimeMilliseconds(ModifiedAt);
}

/// <summary>A part of an object that was uploaded in parts, in the object's order.</summary>
/// <param name="File">In the folder of the upload.</param>
internal sealed record EntryPart(int Number, string File, long Length, string ETag, IReadOnlyDictionary<string, string>? Checksums);

/// <summary>What may be changed of a version without writing its bytes again.</summary>
internal sealed record Amendment
{
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    public LockMode? Mode { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public long? RetainUntil { get; init; }

    public bool LegalHold { get; init; }

    /// <summary>Whether the version may go now.</summary>
    public bool Protects(DateTimeOffset now, bool bypassGovernance) =>
        LegalHold || (RetainUntil > now.ToUnixTimeMilliseconds() && !(Mode == LockMode.GOVERNANCE && bypassGovernance));
}

/// <summary>Named as the protocol writes them.</summary>
internal enum LockMode
{
    GOVERNANCE,
    COMPLIANCE,
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Entry))]
[JsonSerializable(typeof(Amendment))]
[JsonSerializable(typeof(BucketConfig))]
[JsonSerializable(typeof(Upload))]
internal sealed partial class StorageJson : JsonSerializerContext;
