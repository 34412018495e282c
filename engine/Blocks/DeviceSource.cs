using System.Runtime.CompilerServices;
using HyperBdr.Engine.IO;

namespace HyperBdr.Engine.Blocks;

/// <summary>A block device, read past the page cache so that a backup does not push the machine's own pages out.</summary>
/// <remarks>Memory from <see cref="AlignedMemory"/> is read into directly, other memory through a bounce buffer. Reads are synchronous
/// system calls, safe side by side. A device knows no holes: see <see cref="UsedBlockSource"/>. A bad place is narrowed down to one block,
/// and everything before it is delivered.</remarks>
public sealed class DeviceSource : IBlockSource, ILengthVerified
{
    private readonly DirectFile _device;

    private DeviceSource(string path, DirectFile device)
    {
        Name = path;
        _device = device;
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public long? Length => _device.Length;

    /// <summary>Opens a block device, which may be mounted.</summary>
    /// <exception cref="EngineException"><see cref="Fault.NotFound"/> or <see cref="Fault.SourceUnreadable"/>.</exception>
    public static DeviceSource Open(string path)
    {
        try
        {
            return new DeviceSource(path, new DirectFile(path, 0));
        }
        catch (PosixException e)
        {
            throw SourceUri.Refused(path, e);
        }
    }

    /// <inheritdoc />
    public ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (DiskFile.Cut(new ByteRange(offset, into.Length), _device.Length) is not { } range) return new(0);
        Read(offset, into.Span[..(int)range.Length], ct);
        return new((int)range.Length);
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        if (DiskFile.Cut(range, _device.Length) is { } within) yield return new Extent(within.Offset, within.Length, IsData: true);
        await ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask VerifyLengthAsync(CancellationToken ct)
    {
        DiskFile.VerifyLength(Name, _device.Length, _device.LengthNow());
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _device.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A device fails a whole request for one bad sector; halves find it in as many steps as the range has powers of two.</summary>
    private void Read(long offset, Span<byte> into, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            _device.Read(offset, into);
        }
        catch (SourceUnreadableException) when (into.Length > Block.Size)
        {
            var half = (int)(Block.CountFor(into.Length) / 2 * Block.Size);
            Read(offset, into[..half], ct);
            Read(offset + half, into[half..], ct);
        }
    }
}
