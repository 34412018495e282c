using System.Buffers.Binary;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Nbd;

/// <summary>The fixed newstyle negotiation of one connection, from the client's side. After it the connection goes on with
/// <see cref="Stream"/> and <see cref="Inbound"/>, which TLS may have replaced.</summary>
internal sealed class ClientHandshake(Stream transport, NbdUri uri, NbdClientOptions options) : IAsyncDisposable
{
    /// <summary>Replies to one option; a server with more exports than that is not listed whole.</summary>
    private const int MaxReplies = 16 * 1024;

    private readonly string peer = uri.ToString();
    private bool noZeroes;

    public Stream Stream { get; private set; } = transport;

    public Inbound Inbound { get; private set; } = new(transport, uri.ToString());

    public async Task<ClientSession> NegotiateAsync(CancellationToken ct)
    {
        await BeginAsync(ct);
        var structured = options.StructuredReplies && (await AskAsync(NbdOption.StructuredReply, default, null, ct)) == NbdOptionReply.Ack;
        var contexts = new Dictionary<string, uint>(StringComparer.Ordinal);
        if (structured) await SelectContextsAsync(contexts, ct);
        return await GoAsync(structured, contexts, ct) ?? await ExportNameAsync(structured, contexts, ct);
    }

    /// <summary>The names of all exports.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken ct)
    {
        await BeginAsync(ct);
        var names = new List<string>();
        var answer = await AskAsync(NbdOption.List, default, (type, body) =>
        {
            if (type != NbdOptionReply.Server || !new OptionData(body).TryString(out var name)) throw Violation("no export where one must be named");
            names.Add(name);
        }, ct);
        if (answer != NbdOptionReply.Ack) throw Refused(answer);
        await SendOptionAsync(NbdOption.Abort, default, ct);
        return names;
    }

    public async ValueTask DisposeAsync()
    {
        Inbound.Dispose();
        await Stream.DisposeAsync();
    }

    private async Task BeginAsync(CancellationToken ct)
    {
        var hello = (await Inbound.TakeAsync(18, ct)).Span;
        if (BinaryPrimitives.ReadUInt64BigEndian(hello) != NbdProtocol.Hello || BinaryPrimitives.ReadUInt64BigEndian(hello[8..]) != NbdProtocol.OptionMagic)
            throw Violation("no NBD server of the newstyle kind");
        var flags = BinaryPrimitives.ReadUInt16BigEndian(hello[16..]);
        if ((flags & NbdProtocol.FixedNewstyle) == 0) throw Violation("a server that cannot negotiate options");
        noZeroes = (flags & NbdProtocol.NoZeroes) != 0;
        var answer = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(answer, (uint)(NbdProtocol.FixedNewstyle | (noZeroes ? NbdProtocol.NoZeroes : 0)));
        await SendAsync(answer, ct);
        if (uri.Tls) await StartTlsAsync(ct);
    }

    private async Task StartTlsAsync(CancellationToken ct)
    {
        var answer = await AskAsync(NbdOption.StartTls, default, null, ct);
        if (answer != NbdOptionReply.Ack) throw Refused(answer);
        if (Inbound.Buffered > 0) throw Violation("bytes between the reply to STARTTLS and TLS");
        var tls = new SslStream(Stream);
        Stream = tls;
        try
        {
            await tls.AuthenticateAsClientAsync(TlsOptions(), ct);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            throw new EngineException(Fault.SourceUnreadable, peer, "TLS was not agreed on", e);
        }

        Inbound.Dispose();
        Inbound = new(tls, peer);
    }

    private SslClientAuthenticationOptions TlsOptions()
    {
        var tls = new SslClientAuthenticationOptions
        {
            TargetHost = options.ServerName ?? uri.Host ?? "localhost",
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (options.Certificate is not null) tls.ClientCertificates = [options.Certificate];
        if (options.Authority is null) return tls;
        tls.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        tls.CertificateChainPolicy.CustomTrustStore.Add(options.Authority);
        return tls;
    }

    private async Task SelectContextsAsync(Dictionary<string, uint> contexts, CancellationToken ct)
    {
        string[] wanted = [NbdProtocol.Allocation, .. options.DirtyBitmaps.Select(b => NbdProtocol.DirtyBitmap + b)];
        using var body = new MemoryStream();
        WriteString(body, uri.Export);
        WriteUInt32(body, (uint)wanted.Length);
        foreach (var name in wanted) WriteString(body, name);
        await AskAsync(NbdOption.SetMetaContext, body.ToArray(), (type, data) =>
        {
            var parts = new OptionData(data);
            if (type != NbdOptionReply.MetaContext || !parts.TryUInt32(out var id) || !parts.TryRest(out var name)) throw Violation("no metadata context where one must be named");
            if (!wanted.Contains(name) || !contexts.TryAdd(name, id) || contexts.Values.Count(v => v == id) > 1) throw Violation("a metadata context that was not asked for, or twice");
        }, ct);
    }

    /// <returns>Null when the server does not know this option.</returns>
    private async Task<ClientSession?> GoAsync(bool structured, Dictionary<string, uint> contexts, CancellationToken ct)
    {
        using var body = new MemoryStream();
        WriteString(body, uri.Export);
        body.Write([0, 1, 0, (byte)NbdInfo.BlockSize]);
        ulong? length = null;
        var flags = NbdExportFlags.None;
        uint min = 1, max = NbdProtocol.MaxPayloadBytes;
        var answer = await AskAsync(NbdOption.Go, body.ToArray(), (type, data) =>
        {
            var parts = new OptionData(data);
            if (type != NbdOptionReply.Info || !parts.TryUInt16(out var info)) throw Violation("no information where some must be");
            if (info == (ushort)NbdInfo.Export)
            {
                if (!parts.TryUInt64(out var bytes) || !parts.TryUInt16(out var bits) || !parts.IsEnd) throw Violation("information of a wrong length");
                (length, flags) = (bytes, (NbdExportFlags)bits);
            }
            else if (info == (ushort)NbdInfo.BlockSize && (!parts.TryUInt32(out min) || !parts.TryUInt32(out _) || !parts.TryUInt32(out max) || !parts.IsEnd))
            {
                throw Violation("information of a wrong length");
            }
        }, ct);
        if (answer == NbdOptionReply.Unsupported) return null;
        if (answer != NbdOptionReply.Ack) throw Refused(answer);
        return Session(length ?? throw Violation("an export without a size"), flags, min, max, structured, contexts);
    }

    private async Task<ClientSession> ExportNameAsync(bool structured, Dictionary<string, uint> contexts, CancellationToken ct)
    {
        await SendOptionAsync(NbdOption.ExportName, Encoding.UTF8.GetBytes(uri.Export), ct);
        var reply = await Inbound.TakeAsync(noZeroes ? 10 : 134, ct);
        return Session(BinaryPrimitives.ReadUInt64BigEndian(reply.Span), (NbdExportFlags)BinaryPrimitives.ReadUInt16BigEndian(reply.Span[8..]), 1, NbdProtocol.MaxPayloadBytes, structured, contexts);
    }

    private ClientSession Session(ulong length, NbdExportFlags flags, uint min, uint max, bool structured, Dictionary<string, uint> contexts)
    {
        if (length > long.MaxValue / 2) throw Violation($"a size of {length} bytes");
        if (min == 0 || min > Block.Size || (min & (min - 1)) != 0 || max < Block.Size || (max % min) != 0 && max != uint.MaxValue)
            throw Violation($"block sizes from {min} to {max} bytes");
        return new((long)length, flags, (int)min, (int)Math.Min(max & ~(uint)(Block.Size - 1), NbdProtocol.MaxPayloadBytes), structured, contexts);
    }

    /// <summary>Sends an option and takes its replies.</summary>
    /// <param name="each">Told of each reply before the last; null when there may be none.</param>
    /// <returns>The last reply: done, or an error.</returns>
    private async Task<NbdOptionReply> AskAsync(NbdOption option, ReadOnlyMemory<byte> body, Reply? each, CancellationToken ct)
    {
        await SendOptionAsync(option, body, ct);
        for (var i = 0; i < MaxReplies; i++)
        {
            var header = (await Inbound.TakeAsync(NbdProtocol.OptionReplyHeaderBytes, ct)).Span;
            if (BinaryPrimitives.ReadUInt64BigEndian(header) != NbdProtocol.OptionReplyMagic || BinaryPrimitives.ReadUInt32BigEndian(header[8..]) != (uint)option)
                throw Violation("no reply where one must begin");
            var type = (NbdOptionReply)BinaryPrimitives.ReadUInt32BigEndian(header[12..]);
            var length = BinaryPrimitives.ReadUInt32BigEndian(header[16..]);
            if (length > NbdProtocol.MaxOptionBytes) throw Violation($"a reply of {length} bytes");
            var data = await Inbound.TakeAsync((int)length, ct);
            if (type == NbdOptionReply.Ack || ((uint)type & NbdProtocol.ErrorReply) != 0) return type;
            if (each is null) throw Violation("a reply that does not belong to the option");
            each(type, data.Span);
        }

        throw Violation("replies without an end");
    }

    private ValueTask SendOptionAsync(NbdOption option, ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        var message = new byte[NbdProtocol.OptionHeaderBytes + body.Length];
        BinaryPrimitives.WriteUInt64BigEndian(message, NbdProtocol.OptionMagic);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(8), (uint)option);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(12), (uint)body.Length);
        body.Span.CopyTo(message.AsSpan(NbdProtocol.OptionHeaderBytes));
        return SendAsync(message, ct);
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        try
        {
            await Stream.WriteAsync(message, ct);
        }
        catch (IOException e)
        {
            throw new ConnectionLostException(peer, "the connection was lost", e);
        }
    }

    private static void WriteString(MemoryStream body, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        WriteUInt32(body, (uint)bytes.Length);
        body.Write(bytes);
    }

    private static void WriteUInt32(MemoryStream body, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        body.Write(bytes);
    }

    private EngineException Refused(NbdOptionReply answer) => answer switch
    {
        NbdOptionReply.Unknown => new(Fault.NotFound, peer, "the server has no such export"),
        NbdOptionReply.TlsRequired => new(Fault.SourceUnreadable, peer, "the server wants TLS: use nbds"),
        _ => new(Fault.SourceUnreadable, peer, $"the server refused ({answer})"),
    };

    private EngineException Violation(string what) => new(Fault.Protocol, peer, what);

    private delegate void Reply(NbdOptionReply type, ReadOnlySpan<byte> data);
}
