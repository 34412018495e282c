using System.Buffers.Binary;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Nbd;

/// <summary>Gives bytes from outside to everything that takes NBD apart, for fuzzing. Whatever the bytes are, only <see cref="Fault.Protocol"/> may come out.</summary>
public static class NbdFuzz
{
    private const int DiskBytes = 256 * 1024;

    /// <summary>All that a client sends on one connection, to a server with a small writable export "disk".</summary>
    /// <param name="bytes">From the client flags on.</param>
    /// <exception cref="EngineException"><see cref="Fault.Protocol"/>: the bytes break the protocol.</exception>
    public static void ServeClient(ReadOnlySpan<byte> bytes)
    {
        using var replay = new ReplayStream(bytes.ToArray(), bytes.Length);
        replay.Release();
        var disk = new FuzzDisk();
        Task.Run(async () =>
        {
            await using var server = new NbdServer([new NbdExport("disk", disk, disk)]);
            await server.ServeAsync(replay, "fuzz", CancellationToken.None);
        }).GetAwaiter().GetResult();
    }

    /// <summary>All that a server sends on one connection, to a client that reads 64 KiB, asks for extents, writes a block, flushes and asks for a
    /// dirty bitmap "b", all at once and in this order, so that its cookies are 1 to 5 when the server offers all of it.</summary>
    /// <param name="bytes">Two bytes, little-endian: the length of the negotiation; then it, from "NBDMAGIC" on; then the replies.</param>
    /// <exception cref="EngineException"><see cref="Fault.Protocol"/>: the bytes break the protocol.</exception>
    public static void AnswerClient(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2) return;
        var negotiation = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(bytes), bytes.Length - 2);
        using var replay = new ReplayStream(bytes[2..].ToArray(), negotiation);
        try
        {
            Task.Run(() => AskAsync(replay)).GetAwaiter().GetResult();
        }
        catch (EngineException e) when (e.Fault != Fault.Protocol)
        {
            // A refusal or an error in good order, or the end of the bytes.
        }
    }

    private static async Task AskAsync(ReplayStream replay)
    {
        var uri = new NbdUri(false, "fuzz", 1, null, "disk");
        var options = new NbdClientOptions { DirtyBitmaps = ["b"] };
        var handshake = new ClientHandshake(replay, uri, options);
        ClientSession? session = null;
        try
        {
            session = await handshake.NegotiateAsync(CancellationToken.None);
            replay.IsNegotiating = false;
        }
        finally
        {
            if (session is null) await handshake.DisposeAsync();
        }

        await using var client = new NbdClient(uri, handshake, session, options, TimeProvider.System);
        Task[] calls =
        [
            client.ReadAsync(0, new byte[64 * 1024], CancellationToken.None).AsTask(),
            ExtentsAsync(client),
            client.IsReadOnly || client.Length < Block.Size ? Task.CompletedTask : client.WriteAsync(0, new byte[Block.Size], CancellationToken.None).AsTask(),
            client.FlushAsync(CancellationToken.None).AsTask(),
            DirtyAsync(client),
        ];
        replay.Release();
        try
        {
            await Task.WhenAll(calls);
        }
        catch (EngineException)
        {
            var faults = calls.Where(c => c.IsFaulted).Select(c => c.Exception!.InnerException!).ToList();
            throw faults.Find(f => f is not EngineException) ?? faults.Find(f => f is EngineException { Fault: Fault.Protocol }) ?? faults[0];
        }
    }

    private static async Task ExtentsAsync(NbdClient client)
    {
        var at = 0L;
        await foreach (var extent in client.ExtentsAsync(new(0, DiskBytes), CancellationToken.None))
        {
            if (extent.Length <= 0 || extent.Offset != at) throw new InvalidOperationException("extents that do not adjoin");
            at = extent.End;
        }
    }

    private static async Task DirtyAsync(NbdClient client)
    {
        var at = -1L;
        await foreach (var dirty in client.DirtyRangesAsync("b", CancellationToken.None))
        {
            if (dirty.Length <= 0 || dirty.Offset <= at) throw new InvalidOperationException("ranges out of order");
            at = dirty.End;
        }
    }

    private sealed class FuzzDisk : IBlockSource, IBlockTarget
    {
        private readonly byte[] bytes = new byte[DiskBytes];

        public string Name => "fuzz";

        public long? Length => DiskBytes;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
        {
            var size = (int)Math.Clamp(DiskBytes - offset, 0, into.Length);
            bytes.AsMemory((int)offset, size).CopyTo(into);
            return new(size);
        }

        public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
        {
            await Task.CompletedTask;
            yield return new(range.Offset, range.Length, true);
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

        public ValueTask FlushAsync(CancellationToken ct) => default;

        public ValueTask DisposeAsync() => default;
    }

    /// <summary>Gives bytes and takes everything; what comes after the negotiation only once it is released.</summary>
    private sealed class ReplayStream(byte[] bytes, int free) : Stream
    {
        private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => bytes.Length;

        public override long Position { get => position; set => throw new NotSupportedException(); }

        public bool IsNegotiating { get; set; } = true;

        public void Release() => released.TrySetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (position >= free && !released.Task.IsCompleted)
            {
                // A negotiation that needs more than its part ends here; the replies wait for their requests.
                if (IsNegotiating) return 0;
                await released.Task.WaitAsync(cancellationToken);
            }

            var end = position < free ? free : bytes.Length;
            var some = Math.Min(buffer.Length, end - position);
            bytes.AsMemory(position, some).CopyTo(buffer);
            position += some;
            return some;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
