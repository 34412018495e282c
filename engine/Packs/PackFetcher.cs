using System.Buffers;
using System.Collections.Concurrent;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Packs;

/// <summary>Fetches chunks and map nodes by their ids: few ranged reads, every byte checked. Safe for calls side by side.</summary>
/// <remarks>A blob that is damaged in one pack is read from another that holds it too, when there is one.</remarks>
public sealed class PackFetcher : IDisposable
{
    /// <summary>Bytes between two wanted blobs that are rather read over than asked for apart.</summary>
    private const int MaxGap = 64 * 1024;

    private const int MaxRange = 4 * 1024 * 1024;
    private const int MaxHeads = 65_536;
    private readonly IBlobStore store;
    private readonly KeyRing keys;
    private readonly ChunkIndex index;
    private readonly ConcurrentBag<BlobOpener> openers = [];
    private readonly ConcurrentDictionary<PackId, PackHeader> heads = new();

    internal PackFetcher(IBlobStore store, KeyRing keys, ChunkIndex index)
    {
        this.store = store;
        this.keys = keys;
        this.index = index;
    }

    /// <summary>Brings the index up to date; called when a blob is in no pack that the index knows of.</summary>
    internal Func<CancellationToken, Task>? Refresh { get; init; }

    /// <summary>Where a pack lies in its store.</summary>
    public static BlobName NameOf(PackId pack) => new($"packs/{pack.ToString()[..2]}/{pack}");

    /// <summary>Where a blob is; false when it is in no pack.</summary>
    public bool TryLocate(ChunkId id, out ChunkLocation at) => index.TryFind(id, out at);

    /// <summary>Where a blob is.</summary>
    /// <exception cref="EngineException"><see cref="Fault.MissingData"/></exception>
    public ChunkLocation Locate(ChunkId id) => TryLocate(id, out var at)
        ? at
        : throw new EngineException(Fault.MissingData, $"chunk {id}", "is in no pack of the repository");

    /// <summary>One blob's plain bytes.</summary>
    public async ValueTask<byte[]> ReadAsync(PackKind kind, ChunkId id, CancellationToken ct)
    {
        var at = Locate(id);
        var plain = new byte[at.PlainLength];
        await ReadAsync(kind, [new BlobRead(id, at, plain)], ct);
        return plain;
    }

    /// <summary>Fills every read's memory. Reads of one pack that lie near each other become one request; requests go out side by side.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>, <see cref="Fault.MissingData"/>, or a fault of the store.</exception>
    public async Task ReadAsync(PackKind kind, List<BlobRead> reads, CancellationToken ct)
    {
        reads.Sort(static (a, b) => a.At.Pack.CompareTo(b.At.Pack) is var order && order != 0 ? order : a.At.Offset.CompareTo(b.At.Offset));
        var ranges = new List<Task>();
        for (var first = 0; first < reads.Count;)
        {
            var count = RangeFrom(reads, first);
            ranges.Add(ReadRangeAsync(kind, reads, first, count, ct));
            first += count;
        }

        await (ranges.Count == 1 ? ranges[0] : Task.WhenAll(ranges));
    }

    /// <summary>Bytes of a pack as they are stored, as many as there are.</summary>
    internal async Task<ReadOnlyMemory<byte>> ReadRawAsync(PackId pack, long offset, int count, CancellationToken ct)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(count);
        return buffer.AsMemory(0, await store.ReadAsync(NameOf(pack), offset, buffer, ct));
    }

    /// <summary>A blob out of its sealed bytes; null when they are not what was written, or the pack's head cannot be read.</summary>
    internal async ValueTask<byte[]?> TryOpenAsync(PackKind kind, ChunkId id, ChunkLocation at, ReadOnlyMemory<byte> sealedBytes, CancellationToken ct)
    {
        try
        {
            var head = await HeadAsync(at.Pack, ct);
            var plain = new byte[at.PlainLength];
            return OpenAll(kind, [new BlobRead(id, at, plain)], 0, 1, sealedBytes.Span, head).Count == 0 ? plain : null;
        }
        catch (EngineException e) when (IsOfPack(e.Fault))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (openers.TryTake(out var opener)) opener.Dispose();
    }

    private static int RangeFrom(List<BlobRead> reads, int first)
    {
        var begin = reads[first].At;
        var end = begin.Offset + begin.SealedLength;
        var count = 1;
        for (; first + count < reads.Count; count++)
        {
            var next = reads[first + count].At;
            if (next.Pack != begin.Pack || next.Offset > end + MaxGap || next.Offset + next.SealedLength - begin.Offset > MaxRange) break;
            end = Math.Max(end, next.Offset + next.SealedLength);
        }

        return count;
    }

    private async Task ReadRangeAsync(PackKind kind, List<BlobRead> reads, int first, int count, CancellationToken ct)
    {
        var pack = reads[first].At.Pack;
        var begin = reads[first].At.Offset;
        var length = (int)(reads[first + count - 1].At.Offset + reads[first + count - 1].At.SealedLength - begin);
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        var read = Task.FromResult(0);
        try
        {
            var head = HeadAsync(pack, ct).AsTask();
            List<int> damaged;
            try
            {
                read = store.ReadAsync(NameOf(pack), begin, buffer.AsMemory(0, length), ct);
                var cipherOf = await head;
                var got = await read;
                damaged = OpenAll(kind, reads, first, count, buffer.AsSpan(0, got), cipherOf);
            }
            catch (EngineException e) when (IsOfPack(e.Fault))
            {
                damaged = [.. Enumerable.Range(first, count)];
            }

            foreach (var one in damaged) await ReadElsewhereAsync(kind, reads[one], ct);
        }
        finally
        {
            // However it ended: the buffer must not go back to the pool while the store may still fill it.
            await ((Task)read).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private List<int> OpenAll(PackKind kind, List<BlobRead> reads, int first, int count, ReadOnlySpan<byte> range, in PackHeader head)
    {
        var begin = reads[first].At.Offset;
        List<int> damaged = [];
        if (!openers.TryTake(out var opener)) opener = new BlobOpener(keys);
        using (var cipher = new PackCipher(keys, head))
        {
            for (var i = first; i < first + count; i++)
            {
                var (id, at, plain) = reads[i];
                var offset = (int)(at.Offset - begin);
                var whole = offset + at.SealedLength <= range.Length
                    && opener.TryOpen(cipher, kind, id, at, range.Slice(offset, (int)at.SealedLength), plain.Span);
                if (!whole) damaged.Add(i);
            }
        }

        openers.Add(opener);
        return damaged;
    }

    private async Task ReadElsewhereAsync(PackKind kind, BlobRead read, CancellationToken ct)
    {
        if (await TryReadElsewhereAsync(kind, read, ct)) return;
        if (Refresh is not null)
        {
            // A collector may have moved the blob to another pack since the index was read.
            await Refresh(ct);
            if (await TryReadElsewhereAsync(kind, read, ct)) return;
        }

        throw new EngineException(Fault.Corrupt, $"pack {read.At.Pack} at offset {read.At.Offset}", $"chunk {read.Id} is not what was written");
    }

    private async Task<bool> TryReadElsewhereAsync(PackKind kind, BlobRead read, CancellationToken ct)
    {
        foreach (var other in index.FindAll(read.Id).Where(at => at.Pack != read.At.Pack && at.PlainLength == read.Plain.Length))
        {
            try
            {
                var buffer = new byte[other.SealedLength];
                var head = await HeadAsync(other.Pack, ct);
                var got = await store.ReadAsync(NameOf(other.Pack), other.Offset, buffer, ct);
                List<BlobRead> one = [read with { At = other }];
                if (OpenAll(kind, one, 0, 1, buffer.AsSpan(0, got), head).Count == 0) return true;
            }
            catch (EngineException e) when (IsOfPack(e.Fault))
            {
                // This one is damaged too; there may be a third.
            }
        }

        return false;
    }

    // What is wrong with one pack and says nothing of another.
    internal static bool IsOfPack(Fault fault) => fault is Fault.NotFound or Fault.Corrupt or Fault.ForeignRepository or Fault.NewerFormat or Fault.MissingEpoch;

    private async ValueTask<PackHeader> HeadAsync(PackId pack, CancellationToken ct)
    {
        if (heads.TryGetValue(pack, out var known)) return known;
        var name = NameOf(pack);
        var bytes = new byte[PackLayout.HeaderSize];
        var got = await store.ReadAsync(name, 0, bytes, ct);
        var head = PackHeader.Parse(bytes.AsSpan(0, got), name.Value);
        if (head.RepositoryId != keys.RepositoryId) throw new EngineException(Fault.ForeignRepository, name.Value, $"is a pack of the repository {head.RepositoryId}");
        if (heads.Count >= MaxHeads) heads.Clear();
        heads[pack] = head;
        return head;
    }
}

/// <summary>A blob to be read.</summary>
/// <param name="Id">Its id.</param>
/// <param name="At">Where it is.</param>
/// <param name="Plain">Exactly its plain length, to be filled.</param>
public readonly record struct BlobRead(ChunkId Id, ChunkLocation At, Memory<byte> Plain);
