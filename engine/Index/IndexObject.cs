using System.Buffers;
using System.Buffers.Binary;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Packs;

namespace HyperBdr.Engine.Index;

/// <summary>The plain bytes of one index object of the repository; see docs/formats/index.md.</summary>
/// <remarks>Pure functions, safe side by side. Sealing and naming the bytes is not done here.</remarks>
public static class IndexObject
{
    /// <summary>Most blobs that one object lists.</summary>
    public const int MaxBlobs = 65_536;

    /// <summary>Bytes of the largest valid object; a longer one need not be read.</summary>
    public const int MaxBytes = HeaderBytes + 5 + (MaxBlobs * (MaxPackRow + MaxBlobRow));

    internal const ushort Version = 1;

    private const int HeaderBytes = 8;
    private const int MaxPackRow = Hash256.Size + 1 + 4 + 5;
    private const int MaxBlobRow = Hash256.Size + (3 * 5);
    private const int MinPackRow = Hash256.Size + 1 + 4 + 1 + MinBlobRow;
    private const int MinBlobRow = Hash256.Size + 3;
    private const string Subject = "index object";

    private static ReadOnlySpan<byte> Magic => "HBIX"u8;

    /// <summary>The bytes of an object that lists <paramref name="packs"/> in this order.</summary>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: a value is outside its range, or a pack is there twice.</exception>
    public static byte[] Encode(IReadOnlyList<PackEntry> packs)
    {
        Check(packs, Fault.InvalidArgument);
        var into = new ArrayBufferWriter<byte>(HeaderBytes + packs.Sum(p => MaxPackRow + (p.Blobs.Count * (Hash256.Size + 7))));
        var header = into.GetSpan(HeaderBytes);
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 0);
        into.Advance(HeaderBytes);
        Varint.Write(into, (uint)packs.Count);
        foreach (var pack in packs) Write(into, pack);
        return into.WrittenSpan.ToArray();
    }

    /// <summary>The packs that an object lists; nothing is allocated for a count that the bytes cannot hold.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>: the bytes are no index object that <see cref="Encode"/> could have written;
    /// <see cref="Fault.NewerFormat"/>: a version or flag of a newer program.</exception>
    public static IReadOnlyList<PackEntry> Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes || !bytes.StartsWith(Magic)) throw Corrupt("no index object");
        var version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        if (version == 0) throw Corrupt("version 0");
        if (version > Version) throw new EngineException(Fault.NewerFormat, Subject, $"version {version}; this program knows {Version}");
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]) != 0) throw new EngineException(Fault.NewerFormat, Subject, "unknown flags");

        var rest = bytes[HeaderBytes..];
        var count = Count(ref rest, MaxBlobs, MinPackRow, "packs");
        var packs = new List<PackEntry>(count);
        for (var i = 0; i < count; i++) packs.Add(ReadPack(ref rest));
        if (!rest.IsEmpty) throw Corrupt($"{rest.Length} bytes after the last pack");
        Check(packs, Fault.Corrupt);
        return packs;
    }

    /// <summary>Refuses what no index object may list.</summary>
    internal static void Check(IReadOnlyList<PackEntry> packs, Fault fault)
    {
        if (packs.Count == 0) throw new EngineException(fault, Subject, "lists no pack");
        var blobs = 0L;
        var seen = new HashSet<PackId>(packs.Count);
        foreach (var pack in packs)
        {
            var problem = seen.Add(pack.Id) ? Problem(pack) : "is listed twice";
            if (problem is not null) throw new EngineException(fault, Subject, $"pack {pack.Id} {problem}");
            blobs += pack.Blobs.Count;
        }

        if (blobs > MaxBlobs) throw new EngineException(fault, Subject, $"lists {blobs} blobs; {MaxBlobs} are allowed");
    }

    private static string? Problem(PackEntry pack)
    {
        if (pack.Kind > PackKind.Map) return $"has kind {(byte)pack.Kind}";
        if (pack.Length > PackLayout.MaxPackBytes) return $"has {pack.Length} bytes";
        if (pack.Blobs.Count is 0 or > PackLayout.MaxBlobsPerPack) return $"has {pack.Blobs.Count} blobs";
        var end = (long)PackLayout.HeaderSize;
        foreach (var blob in pack.Blobs)
        {
            if (blob.Id.IsHole) return "has a blob without an id";
            if (blob.PlainLength is 0 or > PackLayout.MaxBlobPlain) return $"has a blob of {blob.PlainLength} plain bytes";
            if (blob.SealedLength is < SegmentEntry.MinSealed or > SegmentEntry.MaxSealed) return $"has a blob of {blob.SealedLength} sealed bytes";
            if (blob.Compression > Compression.Lz4) return $"has a blob of compression {(byte)blob.Compression}";
            end += PackLayout.BlobHeaderSize + blob.SealedLength;
        }

        return end > pack.Length ? $"has {pack.Length} bytes, but blobs up to {end}" : null;
    }

    private static void Write(ArrayBufferWriter<byte> into, PackEntry pack)
    {
        var row = into.GetSpan(Hash256.Size + 5);
        pack.Id.Value.CopyTo(row);
        row[Hash256.Size] = (byte)pack.Kind;
        BinaryPrimitives.WriteUInt32LittleEndian(row[(Hash256.Size + 1)..], pack.Length);
        into.Advance(Hash256.Size + 5);
        Varint.Write(into, (uint)pack.Blobs.Count);
        foreach (var blob in pack.Blobs)
        {
            blob.Id.Value.CopyTo(into.GetSpan(Hash256.Size));
            into.Advance(Hash256.Size);
            Varint.Write(into, blob.PlainLength);
            Varint.Write(into, blob.SealedLength);
            Varint.Write(into, (uint)blob.Compression);
        }
    }

    private static PackEntry ReadPack(ref ReadOnlySpan<byte> rest)
    {
        var id = ReadHash(ref rest);
        if (rest.Length < 5) throw Corrupt("cut in a pack");
        var kind = (PackKind)rest[0];
        var length = BinaryPrimitives.ReadUInt32LittleEndian(rest[1..]);
        rest = rest[5..];
        var blobs = new BlobEntry[Count(ref rest, PackLayout.MaxBlobsPerPack, MinBlobRow, "blobs")];
        foreach (ref var blob in blobs.AsSpan())
        {
            var chunk = new ChunkId(ReadHash(ref rest));
            var plain = ReadNumber(ref rest);
            var sealedLength = ReadNumber(ref rest);
            var compression = ReadNumber(ref rest);
            if (compression > byte.MaxValue) throw Corrupt($"compression {compression}");
            blob = new BlobEntry(chunk, plain, sealedLength, (Compression)compression);
        }

        return new PackEntry(new PackId(id), kind, length, blobs);
    }

    private static int Count(ref ReadOnlySpan<byte> rest, int most, int rowBytes, string what)
    {
        var count = ReadNumber(ref rest);
        if (count > most || count * (long)rowBytes > rest.Length) throw Corrupt($"{count} {what} in {rest.Length} bytes");
        return (int)count;
    }

    private static Hash256 ReadHash(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < Hash256.Size) throw Corrupt("cut in an id");
        var hash = new Hash256(rest[..Hash256.Size]);
        rest = rest[Hash256.Size..];
        return hash;
    }

    private static uint ReadNumber(ref ReadOnlySpan<byte> rest) => Varint.TryRead(ref rest, out var value) ? value : throw Corrupt("cut or bad number");

    private static EngineException Corrupt(string message) => new(Fault.Corrupt, Subject, message);
}
