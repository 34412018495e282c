using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Packs;

namespace HyperBdr.Engine.Index;

/// <summary>A pack as an index object lists it.</summary>
/// <param name="Id">The pack.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Length">Bytes of the whole pack, at most <see cref="PackLayout.MaxPackBytes"/>.</param>
/// <param name="Blobs">Its blobs in the order of the pack: a blob's position is its slot. 1 to <see cref="PackLayout.MaxBlobsPerPack"/>.</param>
public sealed record PackEntry(PackId Id, PackKind Kind, uint Length, IReadOnlyList<BlobEntry> Blobs);

/// <summary>A blob of a pack.</summary>
/// <param name="Id">The chunk or map node; never <see cref="ChunkId.IsHole"/>.</param>
/// <param name="PlainLength">Plain bytes, 1 to <see cref="PackLayout.MaxBlobPlain"/>.</param>
/// <param name="SealedLength">Sealed bytes with the 16-byte tag, 17 to <see cref="PackLayout.MaxBlobPlain"/> + 16.</param>
/// <param name="Compression">How the plain bytes were compressed.</param>
public readonly record struct BlobEntry(ChunkId Id, uint PlainLength, uint SealedLength, Compression Compression);
