using System.Buffers.Binary;
using System.Runtime.InteropServices;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Packs;

namespace HyperBdr.Engine.Index;

/// <summary>One chunk in one pack, in 48 bytes; ordered by chunk, then by pack and place.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct SegmentEntry : IComparable<SegmentEntry>
{
    public const int Size = 48;
    public const uint MinSealed = Tag + 1;
    public const uint MaxSealed = PackLayout.MaxBlobPlain + Tag;

    // The widths hold the limits of PackLayout: an offset is below 2^25, both lengths below 2^19, a slot below 2^13.
    private const uint Tag = 16;
    private const int LengthBits = 19;
    private const int PlainShift = LengthBits;
    private const int OffsetShift = 2 * LengthBits;
    private const ulong LengthMask = (1UL << LengthBits) - 1;
    private const int SlotBits = 13;

    private readonly ulong place;
    private readonly uint form;

    public SegmentEntry(ChunkId id, uint pack, in BlobEntry blob, uint offset, uint slot)
        : this(id, pack, new ChunkLocation(default, offset, blob.SealedLength, blob.PlainLength, slot, blob.Compression))
    {
    }

    public SegmentEntry(ChunkId id, uint pack, in ChunkLocation at)
    {
        Id = id;
        Pack = pack;
        place = ((ulong)at.Offset << OffsetShift) | ((ulong)at.PlainLength << PlainShift) | at.SealedLength;
        form = ((uint)at.Compression << SlotBits) | at.Slot;
    }

    private SegmentEntry(ChunkId id, uint pack, ulong place, uint form)
    {
        Id = id;
        Pack = pack;
        this.place = place;
        this.form = form;
    }

    public ChunkId Id { get; }

    /// <summary>The pack's row in the table that goes with the entry.</summary>
    public uint Pack { get; }

    public uint SealedLength => (uint)(place & LengthMask);

    public static SegmentEntry Read(ReadOnlySpan<byte> from) => new(
        new ChunkId(new Hash256(from[..Hash256.Size])),
        BinaryPrimitives.ReadUInt32LittleEndian(from[32..]),
        BinaryPrimitives.ReadUInt64LittleEndian(from[36..]),
        BinaryPrimitives.ReadUInt32LittleEndian(from[44..]));

    public void Write(Span<byte> into)
    {
        Id.Value.CopyTo(into);
        BinaryPrimitives.WriteUInt32LittleEndian(into[32..], Pack);
        BinaryPrimitives.WriteUInt64LittleEndian(into[36..], place);
        BinaryPrimitives.WriteUInt32LittleEndian(into[44..], form);
    }

    public SegmentEntry WithPack(uint pack) => new(Id, pack, place, form);

    public ChunkLocation At(PackId pack) => new(
        pack, (uint)(place >> OffsetShift), SealedLength, (uint)((place >> PlainShift) & LengthMask), form & ((1 << SlotBits) - 1), (Compression)(form >> SlotBits));

    public int CompareTo(SegmentEntry other)
    {
        var order = Id.CompareTo(other.Id);
        if (order != 0) return order;
        order = Pack.CompareTo(other.Pack);
        return order != 0 ? order : place.CompareTo(other.place);
    }
}
