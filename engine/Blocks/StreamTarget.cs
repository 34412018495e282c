namespace HyperBdr.Engine.Blocks;

/// <summary>A disk that goes out through a pipe: written once, from front to end, zeros included.</summary>
/// <remarks>One write at a time, each where the last one ended; a gap is refused with <see cref="Fault.TargetFailed"/>.
/// <see cref="FlushAsync"/> means that the pipe has taken everything, not that its reader has stored it.</remarks>
public sealed class StreamTarget(Stream stream, string name) : IBlockTarget
{
    private static readonly byte[] Zeros = new byte[1 << 20];
    private long _position;
    private long _length = long.MaxValue;

    /// <inheritdoc />
    public string Name => name;

    /// <summary>Takes note of the length; more than that is refused.</summary>
    /// <returns>False: every hole has to be sent.</returns>
    public ValueTask<bool> PrepareAsync(long length, CancellationToken ct)
    {
        _length = length;
        return new(false);
    }

    /// <inheritdoc />
    public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        MustFollow(offset, content.Length);
        try
        {
            await stream.WriteAsync(content, ct);
            _position += content.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw DiskFile.Failed($"{name} at offset {offset}", e);
        }
    }

    /// <inheritdoc />
    public async ValueTask ZeroAsync(ByteRange range, CancellationToken ct)
    {
        MustFollow(range.Offset, range.Length);
        for (var left = range.Length; left > 0;)
        {
            var length = (int)Math.Min(left, Zeros.Length);
            await WriteAsync(_position, Zeros.AsMemory(0, length), ct);
            left -= length;
        }
    }

    /// <inheritdoc />
    public async ValueTask FlushAsync(CancellationToken ct)
    {
        try
        {
            await stream.FlushAsync(ct);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw DiskFile.Failed(name, e);
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private void MustFollow(long offset, long count)
    {
        if (offset != _position)
        {
            throw new EngineException(Fault.TargetFailed, $"{name} at offset {offset}", $"a stream is written in order; it is at {_position}");
        }

        DiskFile.MustLieWithin(name, offset, count, _length);
    }
}
