using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace HyperBdr.Engine.Nbd;

/// <summary>The sending half of the transmission phase: one message at a time, small ones in one piece.</summary>
internal sealed class ReplyWriter(Stream stream, string peer, bool structured, TimeProvider time) : IDisposable
{
    private const int Together = 16 * 1024;
    private readonly SemaphoreSlim turn = new(1);
    private readonly byte[] scratch = new byte[Together + 64];
    private long sendingSince;

    /// <summary>Whether replies are made of chunks.</summary>
    public bool IsStructured => structured;

    /// <summary>How long the message has been on its way that is being sent; zero when none is.</summary>
    public TimeSpan StalledFor => Interlocked.Read(ref sendingSince) is var since and not 0 ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Ends a request that has no payload.</summary>
    public ValueTask DoneAsync(ulong cookie, CancellationToken ct) => structured
        ? ChunkAsync(NbdChunk.None, true, cookie, default, default, ct)
        : SimpleAsync(cookie, NbdError.None, default, ct);

    /// <summary>Ends a request with an error.</summary>
    public ValueTask FailAsync(ulong cookie, NbdError error, string why, CancellationToken ct)
    {
        if (!structured) return SimpleAsync(cookie, error, default, ct);
        var text = Encoding.UTF8.GetBytes(why);
        var body = new byte[6 + text.Length];
        BinaryPrimitives.WriteUInt32BigEndian(body, (uint)error);
        BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(4), (ushort)text.Length);
        text.CopyTo(body, 6);
        return ChunkAsync(NbdChunk.Error, true, cookie, default, body, ct);
    }

    public async ValueTask SimpleAsync(ulong cookie, NbdError error, ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            BinaryPrimitives.WriteUInt32BigEndian(scratch, NbdProtocol.SimpleReplyMagic);
            BinaryPrimitives.WriteUInt32BigEndian(scratch.AsSpan(4), (uint)error);
            BinaryPrimitives.WriteUInt64BigEndian(scratch.AsSpan(8), cookie);
            await SendAsync(NbdProtocol.SimpleReplyBytes, payload, ct);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Sends a chunk whose body is a few bytes of <paramref name="prefix"/> and then <paramref name="payload"/>.</summary>
    public async ValueTask ChunkAsync(NbdChunk type, bool done, ulong cookie, ReadOnlyMemory<byte> prefix, ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            BinaryPrimitives.WriteUInt32BigEndian(scratch, NbdProtocol.ChunkMagic);
            BinaryPrimitives.WriteUInt16BigEndian(scratch.AsSpan(4), done ? NbdProtocol.DoneFlag : (ushort)0);
            BinaryPrimitives.WriteUInt16BigEndian(scratch.AsSpan(6), (ushort)type);
            BinaryPrimitives.WriteUInt64BigEndian(scratch.AsSpan(8), cookie);
            BinaryPrimitives.WriteUInt32BigEndian(scratch.AsSpan(16), (uint)(prefix.Length + payload.Length));
            prefix.Span.CopyTo(scratch.AsSpan(NbdProtocol.ChunkHeaderBytes));
            await SendAsync(NbdProtocol.ChunkHeaderBytes + prefix.Length, payload, ct);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async ValueTask SendAsync(int header, ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        Interlocked.Exchange(ref sendingSince, Math.Max(1, time.GetTimestamp()));
        try
        {
            if (payload.Length <= Together)
            {
                payload.Span.CopyTo(scratch.AsSpan(header));
                await stream.WriteAsync(scratch.AsMemory(0, header + payload.Length), ct);
                return;
            }

            await stream.WriteAsync(scratch.AsMemory(0, header), ct);
            await stream.WriteAsync(payload, ct);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new ConnectionLostException(peer, "the connection was lost", e);
        }
        finally
        {
            Interlocked.Exchange(ref sendingSince, 0);
        }
    }
}
