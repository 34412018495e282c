namespace HyperBdr.Engine.Nbd;

/// <summary>A request that was sent, and what has come back of its answer.</summary>
internal sealed class ClientRequest(NbdCommand command, NbdCommandFlags flags, long offset, uint length, Memory<byte> into)
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(int Start, int End)> pieces = [];
    private long received;

    public NbdCommand Command => command;

    public NbdCommandFlags Flags => flags;

    public long Offset => offset;

    public uint Length => length;

    /// <summary>Where a read goes.</summary>
    public Memory<byte> Into => into;

    public ulong Cookie { get; set; }

    public NbdError Error { get; set; }

    /// <summary>Answers to BLOCK_STATUS by the number of their context.</summary>
    public Dictionary<uint, (uint Length, uint Flags)[]> Status { get; } = [];

    /// <summary>Nobody waits any more and <see cref="Into"/> must not be touched; under the link's gate.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>The link is writing into <see cref="Into"/>; under the link's gate.</summary>
    public bool IsReceiving { get; set; }

    /// <summary>Whoever waits wants to leave as soon as the link does not write into its memory; under the link's gate.</summary>
    public CancellationToken Leaving { get; set; }

    public Task Done => done.Task;

    /// <summary>True when every byte of a read came.</summary>
    public bool IsComplete => received == length;

    public void Finish() => done.TrySetResult();

    public void Fail(EngineException why) => done.TrySetException(why);

    public void Abandon(CancellationToken ct)
    {
        IsAbandoned = true;
        done.TrySetCanceled(ct);
    }

    /// <summary>Notes a piece of the answer.</summary>
    /// <returns>False when it lies outside of the request or over another piece.</returns>
    public bool TryCover(ulong at, uint size)
    {
        if (size == 0 || at < (ulong)offset || at - (ulong)offset > length || size > length - (at - (ulong)offset)) return false;
        var start = (int)(at - (ulong)offset);
        var end = start + (int)size;
        var index = pieces.Count;
        // Pieces come in order from every server there is; others still may not cost more than a search.
        if (index > 0 && pieces[^1].Start > start) index = ~pieces.BinarySearch((start, int.MaxValue));
        if ((index > 0 && pieces[index - 1].End > start) || (index < pieces.Count && pieces[index].Start < end)) return false;
        if (index > 0 && pieces[index - 1].End == start) pieces[index - 1] = (pieces[index - 1].Start, end);
        else pieces.Insert(index, (start, end));
        received += size;
        return true;
    }
}
