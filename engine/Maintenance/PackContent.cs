using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Engine.Maintenance;

/// <summary>One whole pack in memory: at most 32 MiB.</summary>
internal sealed class PackContent
{
    private readonly byte[] bytes;
    private readonly PackId pack;

    private PackContent(PackId pack, byte[] bytes)
    {
        this.pack = pack;
        this.bytes = bytes;
        Header = PackHeader.Parse(bytes, Name);
    }

    public string Name => PackFetcher.NameOf(pack).Value;

    public PackHeader Header { get; }

    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>: no pack, or cut; <see cref="Fault.NotFound"/>, <see cref="Fault.ForeignRepository"/>.</exception>
    public static async Task<PackContent> ReadAsync(Repository repository, PackId pack, long length, CancellationToken ct)
    {
        var name = PackFetcher.NameOf(pack);
        if (length is < PackLayout.HeaderSize or > PackLayout.MaxPackBytes) throw new EngineException(Fault.Corrupt, name.Value, $"has {length} bytes, which no pack has");
        var read = new byte[length];
        if (await repository.Store.ReadAsync(name, 0, read, ct) != length) throw new EngineException(Fault.Corrupt, name.Value, "is cut");
        var content = new PackContent(pack, read);
        var owner = content.Header.RepositoryId;
        return owner == repository.Config.RepositoryId ? content : throw new EngineException(Fault.ForeignRepository, name.Value, $"is a pack of the repository {owner}");
    }

    /// <summary>The blobs by the pack's own directory, with their places.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/></exception>
    public IReadOnlyList<(BlobEntry Blob, ChunkLocation At)> Blobs(PackCipher cipher)
    {
        if (bytes.Length < PackLayout.HeaderSize + PackDirectory.TrailerSize) throw new EngineException(Fault.Corrupt, Name, "is cut");
        var size = PackDirectory.ParseTrailer(bytes.AsSpan(^PackDirectory.TrailerSize..), bytes.Length, Name);
        var sealedDirectory = bytes.AsSpan(bytes.Length - PackDirectory.TrailerSize - size, size);
        return Placed(PackDirectory.Open(sealedDirectory, cipher, bytes.Length, Name));
    }

    /// <summary>The places of blobs that lie in this pack one after the other.</summary>
    public IReadOnlyList<(BlobEntry Blob, ChunkLocation At)> Placed(IReadOnlyList<BlobEntry> blobs)
    {
        var placed = new List<(BlobEntry, ChunkLocation)>(blobs.Count);
        uint offset = PackLayout.HeaderSize;
        foreach (var blob in blobs)
        {
            offset += PackLayout.BlobHeaderSize;
            placed.Add((blob, new ChunkLocation(pack, offset, blob.SealedLength, blob.PlainLength, (uint)placed.Count, blob.Compression)));
            offset += blob.SealedLength;
        }

        return placed;
    }

    public ReadOnlyMemory<byte> Sealed(in ChunkLocation at) => bytes.AsMemory((int)at.Offset, (int)at.SealedLength);
}
