using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Maintenance;

/// <summary>Reads one pack after the other from front to end and checks it against its entry in the index. One caller at a time.</summary>
/// <remarks>
/// No byte goes unchecked: header, blob headers and trailer are compared with what they must be, the rest is under tags whose key comes from the header. So
/// the pack's name, a plain hash for those who have no key, need not be computed again. Memory: a piece of 4 MiB and what the largest blob or directory needs beyond it.
/// </remarks>
internal sealed class PackCheck(IBlobStore store, KeyRing keys, bool full) : IDisposable
{
    private const int PieceBytes = 4 * 1024 * 1024;
    private static readonly int CarryBytes = Math.Max(PackDirectory.SizeFor(PackLayout.MaxBlobsPerPack), PackLayout.BlobHeaderSize + PackLayout.MaxBlobPlain + PackCipher.TagSize);

    private readonly BlobOpener opener = new(keys);
    private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(PieceBytes + CarryBytes);
    private readonly byte[] plain = full ? new byte[PackLayout.MaxBlobPlain] : [];
    private BlobName name;
    private long position;
    private int length;
    private int taken;

    /// <summary>What is wrong with the pack; a fault of the store that may pass comes through.</summary>
    public async Task<PackVerdict> RunAsync(PackEntry pack, CancellationToken ct)
    {
        name = PackFetcher.NameOf(pack.Id);
        (position, length, taken) = (0, 0, 0);
        var verdict = new PackVerdict(pack, name.Value);
        try
        {
            await ReadAsync(pack, verdict, ct);
        }
        catch (EngineException e) when (e.Fault is not (Fault.StoreUnavailable or Fault.StoreRefused or Fault.StoreFull))
        {
            verdict.AddRest(e);
        }

        return verdict;
    }

    public void Dispose() => opener.Dispose();

    private async Task ReadAsync(PackEntry pack, PackVerdict verdict, CancellationToken ct)
    {
        await NeedAsync(PackLayout.HeaderSize, ct);
        var head = PackHeader.Parse(Take(PackLayout.HeaderSize).Span, name.Value);
        if (head.RepositoryId != keys.RepositoryId) throw new EngineException(Fault.ForeignRepository, name.Value, $"is a pack of the repository {head.RepositoryId}");
        if (head.Kind != pack.Kind) verdict.Add("is of another kind than the index says");
        using var cipher = new PackCipher(keys, head);
        uint offset = PackLayout.HeaderSize;
        foreach (var blob in pack.Blobs)
        {
            offset += PackLayout.BlobHeaderSize;
            await NeedAsync(PackLayout.BlobHeaderSize + (int)blob.SealedLength, ct);
            if (!PackDirectory.Agrees(Take(PackLayout.BlobHeaderSize).Span, blob)) verdict.Add($"has a damaged blob header before offset {offset}");
            var at = new ChunkLocation(pack.Id, offset, blob.SealedLength, blob.PlainLength, (uint)verdict.Checked, blob.Compression);
            verdict.AddBlob(blob.Id, offset, IsWhole(cipher, pack.Kind, blob.Id, at, Take((int)blob.SealedLength).Span));
            offset += blob.SealedLength;
        }

        await DirectoryAsync(pack, cipher, verdict, ct);
    }

    private bool IsWhole(PackCipher cipher, PackKind kind, ChunkId id, in ChunkLocation at, ReadOnlySpan<byte> sealedBytes) => full
        ? opener.TryOpen(cipher, kind, id, at, sealedBytes, plain.AsSpan(0, (int)at.PlainLength))
        : opener.TryOpenTag(cipher, id, at, sealedBytes, out _);

    private async Task DirectoryAsync(PackEntry pack, PackCipher cipher, PackVerdict verdict, CancellationToken ct)
    {
        var rest = pack.Length - (position - length + taken);
        if (rest < PackDirectory.TrailerSize || rest > CarryBytes) throw new EngineException(Fault.Corrupt, name.Value, "has no room for its directory, by the index");
        await NeedAsync((int)rest, ct);
        var tail = Take((int)rest).Span;
        var size = PackDirectory.ParseTrailer(tail[^PackDirectory.TrailerSize..], pack.Length, name.Value);
        if (size + PackDirectory.TrailerSize != rest) throw new EngineException(Fault.Corrupt, name.Value, "has a damaged trailer");
        var blobs = PackDirectory.Open(tail[..size], cipher, pack.Length, name.Value);
        if (!blobs.SequenceEqual(pack.Blobs)) verdict.Add("has another directory than the index says");
        await ReadOnAsync(1, ct);
        if (length > taken) verdict.Add($"is longer than the {pack.Length} bytes that the index says");
    }

    private async Task NeedAsync(int count, CancellationToken ct)
    {
        if (length - taken >= count) return;
        await ReadOnAsync(PieceBytes, ct);
        if (length - taken < count) throw new EngineException(Fault.Corrupt, name.Value, $"ends at {position} bytes");
    }

    private async Task ReadOnAsync(int count, CancellationToken ct)
    {
        buffer.AsSpan(taken, length - taken).CopyTo(buffer);
        length -= taken;
        taken = 0;
        var got = await store.ReadAsync(name, position, buffer.AsMemory(length, count), ct);
        position += got;
        length += got;
    }

    private ReadOnlyMemory<byte> Take(int count)
    {
        taken += count;
        return buffer.AsMemory(taken - count, count);
    }
}

/// <summary>What is wrong with one pack.</summary>
internal sealed class PackVerdict(PackEntry pack, string name)
{
    private readonly List<int> bad = [];

    public PackEntry Pack => pack;

    public List<Finding> Problems { get; } = [];

    /// <summary>Blobs that were looked at.</summary>
    public int Checked { get; private set; }

    /// <summary>Slots of the blobs that cannot be read.</summary>
    public IReadOnlyList<int> BadSlots => bad;

    public void Add(string message) => Problems.Add(new Finding(Fault.Corrupt, name, message));

    public void AddBlob(ChunkId id, uint offset, bool whole)
    {
        if (!whole)
        {
            bad.Add(Checked);
            Problems.Add(new Finding(Fault.Corrupt, $"{name} at offset {offset}", $"chunk {id} is not what was written"));
        }

        Checked++;
    }

    /// <summary>What was not looked at yet cannot be read.</summary>
    public void AddRest(EngineException e)
    {
        Problems.Add(new Finding(e.Fault == Fault.NotFound ? Fault.MissingData : e.Fault, name, e.Message));
        for (; Checked < pack.Blobs.Count; Checked++) bad.Add(Checked);
    }
}
