using HyperBdr.Engine.Blocks;

namespace HyperBdr.Demo.Ledger;

/// <summary>A disk that notes everything that changes it in a journal, in the order in which it happened. It stands outside of the guest
/// and knows nothing of what the guest, its agent or the suite say.</summary>
/// <remarks>Entry and change are one step: at any moment the image is the journal replayed onto the image as it was first.
/// A flush is noted and goes no further: the journal need not outlive a power cut of this machine.</remarks>
public sealed class LedgerDisk : IBlockSource, IBlockTarget
{
    private readonly FileTarget image;
    private readonly FileStream journal;
    private readonly TimeProvider time;
    private readonly SemaphoreSlim gate = new(1);
    private readonly byte[] head = new byte[Journal.EntryBytes];
    private readonly long length;
    private long sequence;
    private long written;

    private LedgerDisk(FileTarget image, FileStream journal, long length, TimeProvider time) =>
        (this.image, this.journal, this.length, this.time) = (image, journal, length, time);

    /// <inheritdoc cref="IBlockSource.Name"/>
    public string Name => image.Name;

    /// <inheritdoc/>
    public long? Length => length;

    /// <summary>Entries so far: the number of the prefix that the image is now.</summary>
    public long Sequence => Volatile.Read(ref sequence);

    /// <summary>Bytes that the guest wrote.</summary>
    public long WrittenBytes => Volatile.Read(ref written);

    /// <summary>Opens an image and begins a journal for it.</summary>
    /// <param name="imagePath">A copy of the first content, which stays elsewhere for replays.</param>
    public static LedgerDisk Open(string imagePath, string journalPath, TimeProvider time)
    {
        var bytes = new FileInfo(imagePath).Length;
        if (bytes == 0 || bytes % Block.Size != 0) throw new InvalidDataException($"{imagePath}: a disk is whole blocks of {Block.Size} bytes, not {bytes} bytes.");
        var file = new FileStream(journalPath, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 20);
        file.Write(Journal.Head(bytes));
        return new(FileTarget.Open(imagePath, ExistingFile.Keep), file, bytes, time);
    }

    /// <inheritdoc/>
    public ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct) => image.ReadAsync(offset, into, ct);

    /// <inheritdoc/>
    public IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, CancellationToken ct) => image.ExtentsAsync(range, ct);

    /// <inheritdoc/>
    public ValueTask<bool> PrepareAsync(long length, CancellationToken ct) =>
        length <= this.length ? new(false) : throw new InvalidOperationException($"The disk has {this.length} bytes, not {length}.");

    /// <inheritdoc/>
    public async ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            await image.WriteAsync(offset, content, CancellationToken.None);
            Note(LedgerKind.Write, offset, content.Length, content.Span);
            Volatile.Write(ref written, written + content.Length);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask ZeroAsync(ByteRange range, CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            await image.ZeroAsync(range, CancellationToken.None);
            Note(LedgerKind.Zero, range.Offset, range.Length, []);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask FlushAsync(CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            Note(LedgerKind.Flush, 0, 0, []);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Makes all entries so far readable by others.</summary>
    /// <returns>How many they are.</returns>
    public async Task<long> SettleAsync(CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            await journal.FlushAsync(CancellationToken.None);
            return sequence;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await journal.DisposeAsync();
        await image.DisposeAsync();
        gate.Dispose();
    }

    private void Note(LedgerKind kind, long offset, long bytes, ReadOnlySpan<byte> data)
    {
        Journal.Write(head, new(sequence, time.GetUtcNow(), kind, offset, bytes, 0));
        journal.Write(head);
        journal.Write(data);
        Volatile.Write(ref sequence, sequence + 1);
    }
}
