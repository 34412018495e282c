namespace HyperBdr.Engine.Blocks.Used;

/// <summary>Reads small structures of one volume through a window of whole blocks; for one reader at a time.</summary>
/// <param name="windowBytes">Bytes that one read of the source fetches; a multiple of <see cref="Block.Size"/>.</param>
internal sealed class VolumeReader(IBlockSource source, ByteRange volume, int windowBytes = 64 << 10)
{
    public const int MaxRead = 1 << 20;
    private Memory<byte> _memory;
    private long _begin;
    private int _filled;

    public ByteRange Volume => volume;

    /// <summary>Another window on the same volume, for structures that are read in turn with those of this one.</summary>
    public VolumeReader Beside(int bytes) => new(source, volume, bytes);

    /// <summary>Bytes of the volume; the memory is good until the next read.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(long offset, int length, CancellationToken ct)
    {
        DoubtException.When(offset < 0 || length is < 1 or > MaxRead || offset > volume.Length - length, "a structure lies outside of its volume");
        var position = volume.Offset + offset;
        if (position < _begin || position + length > _begin + _filled) await FillAsync(position, length, ct);
        return _memory.Slice((int)(position - _begin), length);
    }

    private async ValueTask FillAsync(long position, int length, CancellationToken ct)
    {
        var begin = position / Block.Size * Block.Size;
        var needed = (int)(Block.CountFor(position + length - begin) * Block.Size);
        var size = Math.Max(windowBytes, needed);
        if (_memory.Length < size) _memory = AlignedMemory.Allocate(size);
        _filled = 0;
        _begin = begin;
        try
        {
            _filled = await source.ReadAsync(begin, _memory[..size], ct);
        }
        catch (SourceUnreadableException) when (needed < size)
        {
            // The bad place may lie behind what is asked for.
            _filled = await source.ReadAsync(begin, _memory[..needed], ct);
        }

        DoubtException.When(_filled < position + length - begin, "a structure lies behind the disk's end");
    }
}
