using System.Threading.Channels;

namespace HyperBdr.Engine.Sync;

/// <summary>A fixed number of equal buffers; whoever wants one waits until one is free. This is what bounds a session's memory.</summary>
internal sealed class BufferPool<T>
{
    private readonly Channel<T> free = Channel.CreateUnbounded<T>();
    private readonly Func<T> create;
    private int uncreated;

    public BufferPool(int count, Func<T> create)
    {
        uncreated = count;
        this.create = create;
    }

    public ValueTask<T> RentAsync(CancellationToken ct)
    {
        if (free.Reader.TryRead(out var buffer)) return ValueTask.FromResult(buffer);
        return Interlocked.Decrement(ref uncreated) >= 0 ? ValueTask.FromResult(create()) : free.Reader.ReadAsync(ct);
    }

    public void Return(T buffer) => free.Writer.TryWrite(buffer);
}
