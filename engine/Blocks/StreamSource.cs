using System.Runtime.CompilerServices;

namespace HyperBdr.Engine.Blocks;

/// <summary>A disk that arrives through a pipe: read once, from front to end.</summary>
/// <remarks>One read at a time, each where the last one ended. <see cref="Length"/> is null until the stream has ended.
/// A read that was cancelled has lost its place: nothing can be read after it. A pipe cannot tell an end from a writer that died: the
/// caller judges by the writer's own exit code.</remarks>
public sealed class StreamSource(Stream stream, string name) : IBlockSource
{
    private long _position;
    private bool _ended;

    /// <inheritdoc />
    public string Name => name;

    /// <inheritdoc />
    public long? Length => _ended ? _position : null;

    /// <inheritdoc />
    public async ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        if (_ended && offset >= _position) return 0;
        if (offset != _position) throw new EngineException(Fault.InvalidArgument, $"{name} at offset {offset}", $"a stream is read in order; it is at {_position}");
        try
        {
            // A pipe gives what it holds just now; blocks are joined here so that a short read means the end.
            var count = await stream.ReadAtLeastAsync(into, into.Length, throwOnEndOfStream: false, ct);
            _position += count;
            _ended = count < into.Length;
            return count;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            throw new EngineException(Fault.SourceUnreadable, $"{name} at or after offset {_position}", e.Message, e);
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        if (DiskFile.Cut(range, Length ?? long.MaxValue) is { } within) yield return new Extent(within.Offset, within.Length, IsData: true);
        await ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
