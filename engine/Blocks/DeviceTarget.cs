using System.Runtime.CompilerServices;
using HyperBdr.Engine.IO;

namespace HyperBdr.Engine.Blocks;

/// <summary>A block device that is written over.</summary>
/// <remarks>Held exclusively: a device that is mounted, or held by another program, is refused with <see cref="Fault.Busy"/>.
/// Calls are synchronous system calls, safe for different ranges side by side. What the device holds beyond the prepared length stays.</remarks>
public sealed class DeviceTarget : IBlockTarget, IBlockSource
{
    // One command at a time stays short enough to be cancelled in between.
    private const long ZeroStep = 256L << 20;
    private readonly DirectFile _device;
    private long _length;

    private DeviceTarget(string path, DirectFile device)
    {
        Name = path;
        _device = device;
        _length = device.Length;
    }

    /// <inheritdoc cref="IBlockTarget.Name" />
    public string Name { get; }

    /// <inheritdoc />
    public long? Length => Volatile.Read(ref _length);

    /// <summary>Opens a block device that nothing else uses.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Busy"/> or <see cref="Fault.TargetFailed"/>.</exception>
    public static DeviceTarget Open(string path)
    {
        try
        {
            return new DeviceTarget(path, new DirectFile(path, Posix.ReadWrite | Posix.Exclusive));
        }
        catch (PosixException e) when (e.Number == Posix.DeviceBusy)
        {
            throw new EngineException(Fault.Busy, path, "the device is mounted or in use", e);
        }
        catch (PosixException e)
        {
            throw DiskFile.Failed(path, e);
        }
    }

    /// <summary>Checks that the device is long enough.</summary>
    /// <returns>False: what a device holds is not known, so holes have to be zeroed.</returns>
    public ValueTask<bool> PrepareAsync(long length, CancellationToken ct)
    {
        if (length < 0) throw new EngineException(Fault.InvalidArgument, Name, $"a length of {length} bytes");
        if (length > _device.Length)
        {
            throw new EngineException(Fault.TargetFailed, Name, $"the device has {_device.Length} bytes, {length} are needed");
        }

        Volatile.Write(ref _length, length);
        return new(false);
    }

    /// <inheritdoc />
    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        DiskFile.MustLieWithin(Name, offset, content.Length, _length);
        _device.Write(offset, content.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask ZeroAsync(ByteRange range, CancellationToken ct)
    {
        DiskFile.MustLieWithin(Name, range.Offset, range.Length, _length);
        for (var position = range.Offset; position < range.End;)
        {
            ct.ThrowIfCancellationRequested();
            var step = Math.Min(ZeroStep, range.End - position);
            Zero(new ByteRange(position, step), ct);
            position += step;
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask FlushAsync(CancellationToken ct)
    {
        try
        {
            _device.Sync();
        }
        catch (PosixException e)
        {
            throw DiskFile.Failed(Name, e);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (DiskFile.Cut(new ByteRange(offset, into.Length), _length) is not { } range) return new(0);
        _device.Read(offset, into.Span[..(int)range.Length]);
        return new((int)range.Length);
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        if (DiskFile.Cut(range, _length) is { } within) yield return new Extent(within.Offset, within.Length, IsData: true);
        await ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _device.Dispose();
        return ValueTask.CompletedTask;
    }

    // Punching a block device is a zeroing command that may also deallocate, and fails where the device cannot promise zeros; BLKDISCARD
    // promises nothing of what is read afterwards, and is not used for that reason. BLKZEROOUT writes zeros itself where there is no command.
    private void Zero(ByteRange range, CancellationToken ct)
    {
        try
        {
            if (!Posix.TryPunch(_device.Buffered, Name, range.Offset, range.Length) && !Posix.TryZeroOut(_device.Buffered, Name, range.Offset, range.Length))
            {
                DiskFile.WriteZeros(_device.Buffered, Name, range, ct);
            }
        }
        catch (PosixException e)
        {
            throw DiskFile.Failed($"{Name} at offset {range.Offset}", e);
        }
    }
}
