using HyperBdr.Engine.Blocks;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Capture.Freezing;

/// <summary>Blocks of some disks that were read in the window and wait to be stored: in memory first, then in a file. What is read again takes the place of what was read before.</summary>
/// <remarks>Readers fill it side by side; afterwards it is read. Its file has no name, so nothing is left of it.</remarks>
internal sealed class Spool : IDisposable
{
    private readonly Memory<byte> memory;
    private readonly SafeFileHandle? file;
    private readonly long slots;
    private readonly Dictionary<(string Disk, long Block), long> places = [];
    private long used;

    /// <param name="options">Its bounds.</param>
    /// <param name="withFile">False: memory only.</param>
    public Spool(SpoolOptions options, bool withFile)
    {
        if (options.MemoryBytes < Block.Size) throw new ArgumentException("a spool needs memory for one block at least", nameof(options));
        memory = AlignedMemory.Allocate(options.MemoryBytes / Block.Size * Block.Size);
        if (withFile && options.Folder is { } folder && options.FileBytes >= Block.Size)
        {
            var path = Path.Combine(folder, $"spool-{Guid.CreateVersion7():n}");
            file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete);
            File.Delete(path);
        }

        slots = (memory.Length / Block.Size) + (file is null ? 0 : options.FileBytes / Block.Size);
    }

    /// <summary>Bytes that it can take.</summary>
    public long CapacityBytes => slots * Block.Size;

    /// <summary>Bytes read into it.</summary>
    public long UsedBytes => used * Block.Size;

    /// <summary>Makes room for a piece of a disk.</summary>
    /// <returns>The first slot; -1 when it does not fit.</returns>
    public long Reserve(string disk, ByteRange piece)
    {
        var count = Block.CountFor(piece.Length);
        if (used + count > slots) return -1;
        var first = used;
        used += count;
        for (var i = 0; i < count; i++) places[(disk, (piece.Offset / Block.Size) + i)] = first + i;
        return first;
    }

    /// <summary>Takes the content of reserved slots.</summary>
    public void Fill(long slot, Memory<byte> content, Func<Memory<byte>, int> read)
    {
        var inMemory = (int)Math.Clamp((memory.Length / Block.Size) - slot, 0, content.Length / Block.Size) * Block.Size;
        // Straight into its place when all of it is memory.
        var into = inMemory == content.Length ? memory.Slice((int)slot * Block.Size, inMemory) : content;
        var got = read(into);
        into.Span[got..].Clear();
        if (inMemory == content.Length) return;
        content[..inMemory].CopyTo(memory[(inMemory == 0 ? 0 : (int)slot * Block.Size)..]);
        RandomAccess.Write(file!, content.Span[inMemory..], ((slot * Block.Size) + inMemory) - memory.Length);
    }

    /// <summary>The blocks that it has of a disk.</summary>
    public RangeSet Has(string disk) =>
        RangeSet.Touching(places.Keys.Where(p => p.Disk == disk).Select(p => p.Block).Order().Select(b => new ByteRange(b * Block.Size, Block.Size)));

    /// <summary>Reads what it has of a disk.</summary>
    /// <exception cref="InvalidOperationException">It does not have a block.</exception>
    public void Read(string disk, long offset, Span<byte> into)
    {
        for (var done = 0; done < into.Length; done += Block.Size)
        {
            var block = (offset + done) / Block.Size;
            if (!places.TryGetValue((disk, block), out var slot)) throw new InvalidOperationException($"block {block} of {disk} was not read");
            ReadSlot(slot, into.Slice(done, Block.Size));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();

    private void ReadSlot(long slot, Span<byte> into)
    {
        var at = slot * Block.Size;
        if (at < memory.Length) memory.Span.Slice((int)at, Block.Size).CopyTo(into);
        else if (RandomAccess.Read(file!, into, at - memory.Length) != into.Length) throw new IOException("the spool's file was cut short");
    }
}
