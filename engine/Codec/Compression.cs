namespace HyperBdr.Engine.Codec;

/// <summary>How a blob's plain bytes were compressed before sealing; the numbers are part of the format.</summary>
public enum Compression : byte
{
    /// <summary>Not at all: what does not compress stays as it is.</summary>
    None = 0,
    /// <summary>One zstd frame (RFC 8878).</summary>
    Zstd = 1,
    /// <summary>One LZ4 block.</summary>
    Lz4 = 2,
}
