using System.Runtime.CompilerServices;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Nbd.Tests;

/// <summary>A disk in memory: its zero blocks are its holes.</summary>
internal sealed class MemoryDisk(byte[] bytes) : IBlockSource, IBlockTarget
{
    public MemoryDisk(long length) : this(new byte[length])
    {
    }

    public string Name => "memory";

    public long? Length => bytes.Length;

    public byte[] Bytes => bytes;

    /// <summary>Told of every read before it happens.</summary>
    public Func<long, int, CancellationToken, ValueTask>? Reading { get; init; }

    public int Flushes { get; private set; }

    /// <summary>Random data in the named MiB of a disk, holes elsewhere.</summary>
    public static MemoryDisk WithData(int mebibytes, params int[] filled)
    {
        var disk = new MemoryDisk(mebibytes * 1024L * 1024);
        var random = new Random(7);
        foreach (var mebibyte in filled) random.NextBytes(disk.Bytes.AsSpan(mebibyte * 1024 * 1024, 1024 * 1024));
        return disk;
    }

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        if (Reading is not null) await Reading(offset, into.Length, ct);
        var length = (int)Math.Clamp(bytes.Length - offset, 0, into.Length);
        bytes.AsMemory((int)offset, length).CopyTo(into);
        return length;
    }

    public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        await Task.CompletedTask;
        var end = Math.Min(range.End, bytes.Length);
        for (var at = range.Offset; at < end;)
        {
            var (start, data) = (at, IsData(at));
            while (at < end && IsData(at) == data) at = Math.Min(at + Block.Size, end);
            yield return new(start, at - start, data);
        }
    }

    public ValueTask<bool> PrepareAsync(long length, CancellationToken ct) => new(false);

    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        content.CopyTo(bytes.AsMemory((int)offset));
        return default;
    }

    public ValueTask ZeroAsync(ByteRange range, CancellationToken ct)
    {
        bytes.AsSpan((int)range.Offset, (int)range.Length).Clear();
        return default;
    }

    public ValueTask FlushAsync(CancellationToken ct)
    {
        Flushes++;
        return default;
    }

    public ValueTask DisposeAsync() => default;

    private bool IsData(long at) => bytes.AsSpan((int)at, (int)Math.Min(Block.Size, bytes.Length - at)).ContainsAnyExcept((byte)0);
}
