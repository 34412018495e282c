using System.Buffers.Binary;
using System.Security.Cryptography;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Packs;

namespace HyperBdr.Engine.Tests.Index;

/// <summary>Packs and index objects of made-up chunks; a number always gives the same id.</summary>
internal static class Packed
{
    public static ChunkId Chunk(int number) => new(Hash(number, 1));

    public static PackId Pack(int number) => new(Hash(number, 2));

    public static PackEntry Entry(int pack, params IEnumerable<int> chunks)
    {
        var blobs = chunks.Select(number => Blob(number, pack)).ToArray();
        var length = PackLayout.HeaderSize + blobs.Sum(blob => (long)blob.SealedLength + PackLayout.BlobHeaderSize) + 100;
        return new PackEntry(Pack(pack), pack % 5 == 0 ? PackKind.Map : PackKind.Data, (uint)length, blobs);
    }

    /// <summary>Where <see cref="Entry"/>'s blobs are, counted here anew.</summary>
    public static IEnumerable<(ChunkId Id, ChunkLocation At)> Locations(PackEntry pack)
    {
        var offset = 64u;
        var slot = 0u;
        foreach (var blob in pack.Blobs)
        {
            offset += 16;
            yield return (blob.Id, new ChunkLocation(pack.Id, offset, blob.SealedLength, blob.PlainLength, slot++, blob.Compression));
            offset += blob.SealedLength;
        }
    }

    private static BlobEntry Blob(int number, int pack)
    {
        var plain = (uint)(1 + (number * 7919L % 2000));
        return new BlobEntry(Chunk(number), plain, 17 + (uint)((number + pack) % 1500), (Compression)(number % 3));
    }

    private static Hash256 Hash(int number, byte kind)
    {
        Span<byte> seed = stackalloc byte[5];
        BinaryPrimitives.WriteInt32LittleEndian(seed, number);
        seed[4] = kind;
        return new Hash256(SHA256.HashData(seed));
    }
}
