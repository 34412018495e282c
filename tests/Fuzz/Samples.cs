using System.Security.Cryptography;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Packs;

namespace HyperBdr.Fuzz;

/// <summary>What targets and seeds share; the same in every run, so that a found input stays one.</summary>
internal static class Samples
{
    private const int Blobs = 3;

    public static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static KeyRing Ring { get; } = new(Targets.Repository, Targets.Repository, Secret(1), [new EpochSecret(1, At, Secret(2)), new EpochSecret(2, At, Secret(3))]);

    public static PackEntry Pack { get; } = new(new PackId(Id(9)), PackKind.Data, (uint)PackLength, [.. Enumerable.Range(0, Blobs).Select(i => new BlobEntry(new ChunkId(Id(i)), 8192, Sealed(i), (Compression)i))]);

    /// <summary>Bytes of the pack whose directory is the seed.</summary>
    public static long PackLength => PackLayout.HeaderSize + Enumerable.Range(0, Blobs).Sum(i => PackLayout.BlobHeaderSize + Sealed(i)) + PackDirectory.SizeFor(Blobs);

    public static Hash256 Id(int number) => new(SHA256.HashData([(byte)number]));

    private static uint Sealed(int number) => (uint)(number == 0 ? 8192 + PackCipher.TagSize : 1000 * number);

    private static SecretBytes Secret(int number) => SecretBytes.CopyOf(SHA256.HashData([(byte)number, 7]));
}
