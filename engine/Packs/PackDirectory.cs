using System.Buffers.Binary;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;

namespace HyperBdr.Engine.Packs;

/// <summary>The sealed list of blobs at a pack's end, from which an index can be rebuilt (docs/formats/packs.md).</summary>
internal static class PackDirectory
{
    /// <summary>Bytes of one entry: id, plain length, sealed length.</summary>
    public const int EntrySize = Hash256.Size + 8;

    /// <summary>Bytes of the trailer: length of the sealed directory, magic.</summary>
    public const int TrailerSize = 8;

    private const uint BlobMagic = 0x424C_4248; // "HBLB"
    private const uint EndMagic = 0x4550_4248; // "HBPE"
    private const int CompressionShift = 30;
    private const uint LengthMask = (1u << CompressionShift) - 1;

    public static int SizeFor(int blobs) => 4 + (blobs * EntrySize) + PackCipher.TagSize + TrailerSize;

    public static void WriteBlobHeader(Span<byte> into, in BlobEntry blob)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(into, BlobMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(into[4..], blob.PlainLength);
        BinaryPrimitives.WriteUInt32LittleEndian(into[8..], blob.SealedLength);
        BinaryPrimitives.WriteUInt32LittleEndian(into[12..], (uint)blob.Compression);
    }

    /// <summary>True when the 16 bytes before a blob say what the directory or index says.</summary>
    public static bool Agrees(ReadOnlySpan<byte> blobHeader, in BlobEntry blob)
    {
        Span<byte> expected = stackalloc byte[PackLayout.BlobHeaderSize];
        WriteBlobHeader(expected, blob);
        return blobHeader.SequenceEqual(expected);
    }

    /// <summary>Writes directory and trailer; gives their bytes.</summary>
    public static int Write(Span<byte> into, List<BlobEntry> blobs, PackCipher cipher)
    {
        var plain = new byte[4 + (blobs.Count * EntrySize)];
        BinaryPrimitives.WriteInt32LittleEndian(plain, blobs.Count);
        for (var i = 0; i < blobs.Count; i++)
        {
            var entry = plain.AsSpan(4 + (i * EntrySize));
            blobs[i].Id.Value.CopyTo(entry);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[32..], blobs[i].PlainLength);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[36..], blobs[i].SealedLength | ((uint)blobs[i].Compression << CompressionShift));
        }

        var size = plain.Length + PackCipher.TagSize;
        cipher.Seal(Key(plain.Length), plain, into[..size]);
        BinaryPrimitives.WriteInt32LittleEndian(into[size..], size);
        BinaryPrimitives.WriteUInt32LittleEndian(into[(size + 4)..], EndMagic);
        return size + TrailerSize;
    }

    /// <summary>Bytes of the sealed directory by a pack's last <see cref="TrailerSize"/> bytes.</summary>
    public static int ParseTrailer(ReadOnlySpan<byte> trailer, long packLength, string pack)
    {
        var size = BinaryPrimitives.ReadInt32LittleEndian(trailer);
        var room = packLength - PackLayout.HeaderSize - TrailerSize;
        if (BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) != EndMagic || size < 4 + PackCipher.TagSize || size > room || size > SizeFor(PackLayout.MaxBlobsPerPack))
        {
            throw new EngineException(Fault.Corrupt, pack, "has a damaged trailer");
        }

        return size;
    }

    /// <summary>The blobs, checked to fill the pack exactly.</summary>
    public static List<BlobEntry> Open(ReadOnlySpan<byte> sealedDirectory, PackCipher cipher, long packLength, string pack)
    {
        var plain = new byte[sealedDirectory.Length - PackCipher.TagSize];
        if (!cipher.TryOpen(Key(plain.Length), sealedDirectory, plain)) throw new EngineException(Fault.Corrupt, pack, "has a damaged directory");
        var count = BinaryPrimitives.ReadInt32LittleEndian(plain);
        if (count is < 0 or > PackLayout.MaxBlobsPerPack || plain.Length != 4 + (count * EntrySize)) throw new EngineException(Fault.Corrupt, pack, "has a directory of another length than its count");
        var blobs = new List<BlobEntry>(count);
        long end = PackLayout.HeaderSize;
        for (var i = 0; i < count; i++)
        {
            var blob = ParseEntry(plain.AsSpan(4 + (i * EntrySize), EntrySize), pack);
            end += PackLayout.BlobHeaderSize + blob.SealedLength;
            blobs.Add(blob);
        }

        if (end + sealedDirectory.Length + TrailerSize != packLength) throw new EngineException(Fault.Corrupt, pack, "has a directory that does not fill the pack");
        return blobs;
    }

    private static BlobEntry ParseEntry(ReadOnlySpan<byte> entry, string pack)
    {
        var plain = BinaryPrimitives.ReadUInt32LittleEndian(entry[32..]);
        var packed = BinaryPrimitives.ReadUInt32LittleEndian(entry[36..]);
        var blob = new BlobEntry(new ChunkId(new Hash256(entry[..32])), plain, packed & LengthMask, (Compression)(packed >> CompressionShift));
        return plain is > 0 and <= PackLayout.MaxBlobPlain && blob.SealedLength >= PackCipher.TagSize && blob.SealedLength <= plain + PackCipher.TagSize && blob.Compression <= Compression.Lz4
            ? blob
            : throw new EngineException(Fault.Corrupt, pack, "has an impossible entry in its directory");
    }

    private static BlobKey Key(int plainLength) => new(PackCipher.DirectorySlot, default, (uint)plainLength, Compression.None);
}
