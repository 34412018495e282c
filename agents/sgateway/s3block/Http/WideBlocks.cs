using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace HyperBdr.S3Block.Http;

/// <summary>The memory that connections read into and answer from, in blocks of 64 KiB.</summary>
/// <remarks>Bodies are megabytes. The server's own blocks of 4 KiB cost a system call, a wake-up and a turn through TLS for every 4 KiB of them.</remarks>
internal sealed class WideBlocks : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    public const int BlockBytes = 64 << 10;

    /// <summary>Blocks that are kept for the next use; others go to the collector.</summary>
    private const int MaxKept = 512;

    private readonly ConcurrentQueue<Block> free = new();
    private int kept;

    public override int MaxBufferSize => BlockBytes;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (!free.TryDequeue(out var block)) return new Block(this);
        Interlocked.Decrement(ref kept);
        return block;
    }

    protected override void Dispose(bool disposing)
    {
        // One pool for the process: connections that end after the server return to it all the same.
    }

    private void Return(Block block)
    {
        if (Interlocked.Increment(ref kept) <= MaxKept) free.Enqueue(block);
        else Interlocked.Decrement(ref kept);
    }

    private sealed class Block(WideBlocks pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } = MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true), 0, BlockBytes);

        public void Dispose() => pool.Return(this);
    }
}
