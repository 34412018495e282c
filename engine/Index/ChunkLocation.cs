using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Index;

/// <summary>Where a chunk's (or map node's) sealed bytes are.</summary>
/// <param name="Pack">The pack.</param>
/// <param name="Offset">First sealed byte in the pack.</param>
/// <param name="SealedLength">Sealed bytes, with the 16-byte tag.</param>
/// <param name="PlainLength">Plain bytes, at most 256 KiB.</param>
/// <param name="Slot">The blob's number in the pack, from 0: part of its nonce and associated data.</param>
/// <param name="Compression">How the plain bytes were compressed.</param>
public readonly record struct ChunkLocation(PackId Pack, uint Offset, uint SealedLength, uint PlainLength, uint Slot, Compression Compression);
