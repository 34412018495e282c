namespace HyperBdr.Engine.Packs;

/// <summary>The constants of the pack's format that other layers count with.</summary>
public static class PackLayout
{
    /// <summary>Bytes before the first blob header.</summary>
    public const int HeaderSize = 64;

    /// <summary>Bytes before each blob's sealed bytes.</summary>
    public const int BlobHeaderSize = 16;

    /// <summary>Largest pack, with header and directory.</summary>
    public const int MaxPackBytes = 32 * 1024 * 1024;

    /// <summary>Plain bytes of the largest blob.</summary>
    public const int MaxBlobPlain = 256 * 1024;

    /// <summary>Most blobs of one pack.</summary>
    public const int MaxBlobsPerPack = 8192;
}
