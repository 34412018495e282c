using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Nbd;

/// <summary>Lets work on different ranges of a disk run side by side and work on overlapping ones in the order of arrival.</summary>
internal sealed class RangeLock
{
    private readonly Lock gate = new();
    private readonly List<ByteRange> held = [];
    private readonly LinkedList<Waiter> queue = new();

    /// <summary>Returns when nobody holds a part of the range; disposing the result gives it free.</summary>
    public ValueTask<Held> EnterAsync(ByteRange range, CancellationToken ct)
    {
        Waiter waiter;
        lock (gate)
        {
            if (!Blocked(range, null))
            {
                held.Add(range);
                return new(new Held(this, range));
            }

            waiter = new(range);
            queue.AddLast(waiter);
        }

        return WaitAsync(waiter, ct);
    }

    private async ValueTask<Held> WaitAsync(Waiter waiter, CancellationToken ct)
    {
        await using var cancelling = ct.Register(() => Abandon(waiter, ct)).ConfigureAwait(false);
        await waiter.Turn.Task;
        return new(this, waiter.Range);
    }

    private void Abandon(Waiter waiter, CancellationToken ct)
    {
        lock (gate)
        {
            if (!queue.Remove(waiter)) return;
            Admit();
        }

        waiter.Turn.TrySetCanceled(ct);
    }

    private void Leave(ByteRange range)
    {
        lock (gate)
        {
            held.Remove(range);
            Admit();
        }
    }

    private void Admit()
    {
        for (var node = queue.First; node is not null;)
        {
            var next = node.Next;
            if (!Blocked(node.Value.Range, node))
            {
                queue.Remove(node);
                held.Add(node.Value.Range);
                node.Value.Turn.TrySetResult();
            }

            node = next;
        }
    }

    /// <summary>Earlier waiters count as holders, so that a wide range is not passed over for ever by narrow ones.</summary>
    private bool Blocked(ByteRange range, LinkedListNode<Waiter>? until)
    {
        foreach (var other in held)
        {
            if (Overlap(range, other)) return true;
        }

        for (var node = queue.First; node is not null && node != until; node = node.Next)
        {
            if (Overlap(range, node.Value.Range)) return true;
        }

        return false;
    }

    private static bool Overlap(ByteRange a, ByteRange b) => a.Offset < b.End && b.Offset < a.End;

    /// <summary>A range that is held; dispose it once.</summary>
    internal readonly struct Held(RangeLock owner, ByteRange range) : IDisposable
    {
        public void Dispose() => owner.Leave(range);
    }

    private sealed class Waiter(ByteRange range)
    {
        public ByteRange Range { get; } = range;

        public TaskCompletionSource Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
