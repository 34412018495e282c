using System.Security.Cryptography;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Index;

namespace HyperBdr.Engine.Packs;

/// <summary>Fills one pack after the other in a buffer of its own: compress, seal, open again and compare. One caller at a time.</summary>
internal sealed class PackBuilder : IDisposable
{
    private readonly KeyRing keys;
    private readonly PackKind kind;
    private readonly BlobCompressor compressor;
    private readonly byte[] packed = new byte[PackLayout.MaxBlobPlain];
    private readonly byte[] check = new byte[PackLayout.MaxBlobPlain];
    private readonly byte[] opened = new byte[PackLayout.MaxBlobPlain];
    private readonly int target;
    private List<BlobEntry> blobs = [];
    private PackCipher? cipher;
    private IncrementalHash? hash;
    private Memory<byte>? held;
    private int length;

    /// <param name="keys">The repository's keys; new packs use the latest seal epoch.</param>
    /// <param name="kind">Chunks or map nodes.</param>
    /// <param name="compressor">Owned by the caller.</param>
    /// <param name="target">Bytes at which a pack is full.</param>
    public PackBuilder(KeyRing keys, PackKind kind, BlobCompressor compressor, int target)
    {
        this.keys = keys;
        this.kind = kind;
        this.compressor = compressor;
        this.target = target;
    }

    /// <summary>Bytes that the buffer of a pack with this target must have.</summary>
    public static int BufferSize(int target) => target + PackLayout.MaxBlobPlain + PackLayout.BlobHeaderSize + PackCipher.TagSize
        + PackDirectory.SizeFor(PackLayout.MaxBlobsPerPack);

    /// <summary>True while no pack is begun.</summary>
    public bool IsEmpty => held is null;

    /// <summary>True when the pack should be finished before the next blob.</summary>
    public bool IsFull => length >= target || blobs.Count >= PackLayout.MaxBlobsPerPack;

    private Span<byte> Rest => held!.Value.Span[length..];

    /// <summary>Begins a pack in a buffer of <see cref="BufferSize"/> bytes, which it keeps until <see cref="Finish"/>.</summary>
    public void Begin(Memory<byte> into)
    {
        var header = new PackHeader(kind, keys.SealEpoch, keys.RepositoryId, RandomNumberGenerator.GetBytes(PackHeader.SaltSize));
        held = into;
        header.Write(into.Span);
        length = PackLayout.HeaderSize;
        cipher = new PackCipher(keys, header);
        hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(into.Span[..length]);
        blobs = [];
    }

    /// <summary>Adds a blob to the pack that was begun.</summary>
    /// <returns>Bytes that the blob takes in the pack.</returns>
    public int Add(ChunkId id, ReadOnlySpan<byte> plain)
    {
        var compression = compressor.Compress(plain, packed, out var size);
        var data = compression == Compression.None ? plain : packed.AsSpan(0, size);
        var blob = new BlobKey((uint)blobs.Count, id, (uint)plain.Length, compression);
        var at = Rest;
        var entry = new BlobEntry(id, blob.PlainLength, (uint)(size + PackCipher.TagSize), compression);
        PackDirectory.WriteBlobHeader(at, entry);
        var sealedBytes = at.Slice(PackLayout.BlobHeaderSize, size + PackCipher.TagSize);
        cipher!.Seal(blob, data, sealedBytes);
        Verify(blob, sealedBytes, plain);
        var total = PackLayout.BlobHeaderSize + sealedBytes.Length;
        hash!.AppendData(at[..total]);
        length += total;
        blobs.Add(entry);
        return total;
    }

    /// <summary>Closes the pack and gives its bytes, which stay in the buffer given to <see cref="Begin"/>.</summary>
    public FinishedPack Finish()
    {
        var tail = PackDirectory.Write(Rest, blobs, cipher!);
        hash!.AppendData(Rest[..tail]);
        length += tail;
        Span<byte> name = stackalloc byte[Hash256.Size];
        hash.GetHashAndReset(name);
        var entry = new PackEntry(new PackId(new Hash256(name)), kind, (uint)length, blobs);
        var finished = new FinishedPack(entry, held!.Value, length);
        cipher!.Dispose();
        cipher = null;
        held = null;
        length = 0;
        blobs = [];
        return finished;
    }

    public void Dispose()
    {
        cipher?.Dispose();
        hash?.Dispose();
    }

    // A compressor or cipher that fails must be found while the source is still there to be read again.
    private void Verify(in BlobKey blob, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> plain)
    {
        var data = opened.AsSpan(0, sealedBytes.Length - PackCipher.TagSize);
        var whole = cipher!.TryOpen(blob, sealedBytes, data);
        if (whole && blob.Compression != Compression.None)
        {
            whole = compressor.TryDecompress(blob.Compression, data, check.AsSpan(0, plain.Length));
            data = check.AsSpan(0, plain.Length);
        }

        if (!whole || !data.SequenceEqual(plain)) throw new EngineException(Fault.Corrupt, $"chunk {blob.Id}", "does not open to what was sealed: this machine's memory or processor is faulty");
    }
}

/// <summary>A pack's bytes, ready to be stored, and its entry for the index.</summary>
internal sealed record FinishedPack(PackEntry Entry, Memory<byte> Buffer, int Length)
{
    public ReadOnlyMemory<byte> Content => Buffer[..Length];
}
