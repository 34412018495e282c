using System.Text;

namespace HyperBdr.Engine.Stores;

/// <summary>How an S3 endpoint is reached and what it is trusted with.</summary>
public sealed record S3Options
{
    /// <summary>The smallest part that S3 takes.</summary>
    public const int LeastPartBytes = 5 << 20;

    /// <summary>The largest part that is sent from one piece of memory.</summary>
    public const int MostPartBytes = 1 << 30;

    /// <summary>The service's address, with <c>http</c> or <c>https</c> and without the bucket.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The region that requests are signed for.</summary>
    public required string Region { get; init; }

    /// <summary>The bucket; it exists already.</summary>
    public required string Bucket { get; init; }

    /// <summary>What every key begins with; empty, or ending with <c>/</c>.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>The access key's id.</summary>
    public required string AccessKey { get; init; }

    /// <summary>The access key's secret; never logged or printed.</summary>
    public required string SecretKey { get; init; }

    /// <summary>For keys of limited rights: sent and signed with every request; null for none.</summary>
    public string? SessionToken { get; init; }

    /// <summary>True for <c>endpoint/bucket/key</c>, false for <c>bucket.endpoint/key</c>.</summary>
    public bool PathStyle { get; init; } = true;

    /// <summary>Blobs above it are sent in parts of it; 5 MiB to 1 GiB.</summary>
    public int PartBytes { get; init; } = 64 << 20;

    /// <summary>How long one request may take, body included.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How a put makes sure that it overwrites nothing.</summary>
    public S3Create Create { get; init; } = S3Create.Conditional;

    /// <summary>How a put makes sure that the endpoint holds what was sent.</summary>
    public S3ReadBack ReadBack { get; init; } = S3ReadBack.Checksum;

    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    internal void Check()
    {
        if (Endpoint is not { IsAbsoluteUri: true, Scheme: "http" or "https" }) throw Wrong("the endpoint needs http:// or https://");
        if (Bucket.Length == 0 || Bucket.Contains('/', StringComparison.Ordinal)) throw Wrong("no bucket");
        if (Prefix.Length > 0 && (Prefix[^1] != '/' || !BlobName.IsValid(Prefix[..^1]))) throw Wrong("the prefix must be name parts that end with '/'");
        if (PartBytes is < LeastPartBytes or > MostPartBytes) throw Wrong($"parts of {PartBytes} bytes");
        if (RequestTimeout <= TimeSpan.Zero) throw Wrong("no time for a request");
    }

    private EngineException Wrong(string what) => new(Fault.InvalidArgument, $"{Endpoint}", what);

    // The compiler's own would print the secret.
    private bool PrintMembers(StringBuilder text)
    {
        text.Append($"{Endpoint} {Bucket}/{Prefix} region {Region} key {AccessKey} secret ***");
        return true;
    }
}

/// <summary>How an S3 put makes sure that it overwrites nothing.</summary>
public enum S3Create
{
    /// <summary><c>If-None-Match: *</c>, decided by the endpoint in one step. An endpoint that does not know it is refused.</summary>
    Conditional,
    /// <summary>
    /// For endpoints without conditional puts: looks first, then puts. Two writers of one name with different bytes at the same moment can
    /// overwrite each other, so only names made of their content are safe; leases and manifests need <see cref="Conditional"/>.
    /// </summary>
    LookFirst,
}

/// <summary>How an S3 put makes sure that the endpoint holds what was sent.</summary>
public enum S3ReadBack
{
    /// <summary>Size and CRC-32C as the endpoint states them afterwards; where it keeps no checksum, the bytes are read back.</summary>
    Checksum,
    /// <summary>The bytes are always read back.</summary>
    Bytes,
    /// <summary>Only the size: trusts transport and endpoint. For endpoints without checksums where reading back is too dear.</summary>
    SizeOnly,
}
