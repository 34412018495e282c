namespace HyperBdr.Engine.Blocks;

/// <summary>The bytes of one disk, to be read: an image file, a device, an NBD export, a recovery point.</summary>
/// <remarks>Safe for reads side by side unless the implementation says otherwise (a stream is read from front to end).
/// Failures are <see cref="EngineException"/> with <see cref="Fault.SourceUnreadable"/>, whose subject names device and offset.</remarks>
public interface IBlockSource : IAsyncDisposable
{
    /// <summary>What people know the source by: a path, a URI.</summary>
    string Name { get; }

    /// <summary>Bytes of the disk; null while unknown (a stream that has not ended).</summary>
    long? Length { get; }

    /// <summary>Fills <paramref name="into"/> from <paramref name="offset"/> on.</summary>
    /// <param name="offset">In bytes; a multiple of <see cref="Block.Size"/>.</param>
    /// <param name="into">Its length is a multiple of <see cref="Block.Size"/>; devices read fastest into memory aligned to it.</param>
    /// <param name="ct">Cancels the read.</param>
    /// <returns>Bytes read; fewer than asked for only at the end of the disk.</returns>
    ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct);

    /// <summary>What is known of a range without reading: ascending, adjoining extents that cover exactly the range (cut at the disk's end).</summary>
    /// <remarks>A source that knows nothing gives one data extent. Bounds inside a block are rounded so that data is never called a hole.</remarks>
    IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, CancellationToken ct);
}
