namespace HyperBdr.Engine.Blocks;

/// <summary>Where the bytes of one disk are written to: an image file, a device, an NBD export, an overlay.</summary>
/// <remarks>Safe for writes of different ranges side by side. Failures are <see cref="EngineException"/> with
/// <see cref="Fault.TargetFailed"/>, whose subject names target and offset. A target that is an <see cref="IBlockSource"/> too can be compared with.</remarks>
public interface IBlockTarget : IAsyncDisposable
{
    /// <summary>What people know the target by.</summary>
    string Name { get; }

    /// <summary>Makes the target so long (a file is cut or extended) or checks that it is at least so long (a device). Called first.</summary>
    /// <returns>True when everything is known to read as zeros now, so that holes need not be written.</returns>
    ValueTask<bool> PrepareAsync(long length, CancellationToken ct);

    /// <summary>Writes at <paramref name="offset"/> (bytes). Durable only after <see cref="FlushAsync"/>.</summary>
    ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> content, CancellationToken ct);

    /// <summary>Makes the range read as zeros, without allocating it where the target can.</summary>
    ValueTask ZeroAsync(ByteRange range, CancellationToken ct);

    /// <summary>Returns when everything written is on the medium.</summary>
    ValueTask FlushAsync(CancellationToken ct);
}
