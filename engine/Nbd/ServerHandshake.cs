using System.Buffers.Binary;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace HyperBdr.Engine.Nbd;

/// <summary>The fixed newstyle negotiation of one connection, from the server's side.</summary>
/// <remarks>After it the connection goes on with <see cref="Stream"/> and <see cref="Inbound"/>, which TLS may have replaced.</remarks>
internal sealed class ServerHandshake(Stream transport, string peer, Func<IReadOnlyList<NbdExport>> exports, NbdServerOptions options) : IAsyncDisposable
{
    /// <summary>A client that has asked so often and still chose nothing never will.</summary>
    private const int MaxOptions = 256;

    /// <summary>Identifier of the only context; any number serves.</summary>
    public const uint AllocationId = 1;

    private bool noZeroes;
    private bool structured;
    private NbdExport? allocationOf;

    public Stream Stream { get; private set; } = transport;

    public Inbound Inbound { get; private set; } = new(transport, peer);

    private bool IsTls => Stream is SslStream;

    /// <returns>Null when the client left in good order.</returns>
    public async Task<ServerSession?> NegotiateAsync(CancellationToken ct)
    {
        await GreetAsync(ct);
        for (var i = 0; i < MaxOptions; i++)
        {
            if (!await Inbound.WaitAsync(ct)) return null;
            var (option, data) = await NextOptionAsync(ct);
            if (data is null)
            {
                await ReplyAsync(option, NbdOptionReply.TooBig, default, ct);
                continue;
            }

            if (option == NbdOption.Abort)
            {
                await ReplyAsync(option, NbdOptionReply.Ack, default, ct);
                return null;
            }

            if (await AnswerAsync(option, data.Value, ct) is { } export) return new(export, structured, structured && allocationOf == export);
        }

        throw Violation("too many options");
    }

    public async ValueTask DisposeAsync()
    {
        Inbound.Dispose();
        if (Stream is SslStream tls) await tls.DisposeAsync();
    }

    private async ValueTask GreetAsync(CancellationToken ct)
    {
        var hello = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(hello, NbdProtocol.Hello);
        BinaryPrimitives.WriteUInt64BigEndian(hello.AsSpan(8), NbdProtocol.OptionMagic);
        BinaryPrimitives.WriteUInt16BigEndian(hello.AsSpan(16), NbdProtocol.FixedNewstyle | NbdProtocol.NoZeroes);
        await SendAsync(hello, ct);
        var flags = BinaryPrimitives.ReadUInt32BigEndian((await Inbound.TakeAsync(4, ct)).Span);
        // An unknown flag means that the client will speak in a way that this server does not understand.
        if ((flags & ~(uint)(NbdProtocol.FixedNewstyle | NbdProtocol.NoZeroes)) != 0) throw Violation("unknown client flags");
        noZeroes = (flags & NbdProtocol.NoZeroes) != 0;
    }

    private async ValueTask<(NbdOption Option, ReadOnlyMemory<byte>? Data)> NextOptionAsync(CancellationToken ct)
    {
        var header = await Inbound.TakeAsync(NbdProtocol.OptionHeaderBytes, ct);
        if (BinaryPrimitives.ReadUInt64BigEndian(header.Span) != NbdProtocol.OptionMagic) throw Violation("no option where one must begin");
        var option = (NbdOption)BinaryPrimitives.ReadUInt32BigEndian(header.Span[8..]);
        var length = BinaryPrimitives.ReadUInt32BigEndian(header.Span[12..]);
        if (length <= NbdProtocol.MaxOptionBytes) return (option, await Inbound.TakeAsync((int)length, ct));
        if (length > 16 * NbdProtocol.MaxOptionBytes || option == NbdOption.ExportName) throw Violation($"an option of {length} bytes");
        await Inbound.SkipAsync(length, ct);
        return (option, null);
    }

    /// <returns>The export, when transmission begins.</returns>
    private ValueTask<NbdExport?> AnswerAsync(NbdOption option, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        if (option == NbdOption.StartTls) return StartTlsAsync(data, ct);
        if (options.RequireTls && !IsTls)
            return option == NbdOption.ExportName ? throw Violation("no TLS") : SayAsync(option, NbdOptionReply.TlsRequired, ct);
        switch (option)
        {
            case NbdOption.ExportName:
                return ExportNameAsync(data, ct);
            case NbdOption.List:
                return ListAsync(data, ct);
            case NbdOption.Info or NbdOption.Go:
                return InfoAsync(option, data, ct);
            case NbdOption.StructuredReply:
                if (!data.IsEmpty) return SayAsync(option, NbdOptionReply.Invalid, ct);
                structured = true;
                return SayAsync(option, NbdOptionReply.Ack, ct);
            case NbdOption.ListMetaContext or NbdOption.SetMetaContext:
                return MetaContextAsync(option, data, ct);
            default:
                return SayAsync(option, NbdOptionReply.Unsupported, ct);
        }
    }

    private async ValueTask<NbdExport?> StartTlsAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        if (!data.IsEmpty || IsTls) return await SayAsync(NbdOption.StartTls, NbdOptionReply.Invalid, ct);
        if (options.Certificate is null) return await SayAsync(NbdOption.StartTls, NbdOptionReply.Unsupported, ct);
        // Bytes sent in the clear before the answer would otherwise be taken for bytes under TLS.
        if (Inbound.Buffered > 0) throw Violation("bytes between STARTTLS and its reply");
        await ReplyAsync(NbdOption.StartTls, NbdOptionReply.Ack, default, ct);
        var tls = new SslStream(Stream, leaveInnerStreamOpen: true);
        Stream = tls;
        try
        {
            await tls.AuthenticateAsServerAsync(TlsOptions(options.Certificate), ct);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            throw new EngineException(Fault.Protocol, peer, "TLS was not agreed on", e);
        }

        Inbound.Dispose();
        Inbound = new(tls, peer);
        // What was agreed in the clear counts for nothing: somebody between may have asked for it.
        structured = false;
        allocationOf = null;
        return null;
    }

    private SslServerAuthenticationOptions TlsOptions(X509Certificate2 certificate) => new()
    {
        ServerCertificate = certificate,
        ClientCertificateRequired = options.ClientCertificateCheck is not null,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        RemoteCertificateValidationCallback = (_, client, _, _) => options.ClientCertificateCheck?.Invoke(client as X509Certificate2) ?? true,
    };

    private async ValueTask<NbdExport?> ExportNameAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        if (!new OptionData(data.Span).TryRest(out var name) || Find(name) is not { } export) throw Violation("no such export");
        var reply = new byte[noZeroes ? 10 : 134];
        BinaryPrimitives.WriteUInt64BigEndian(reply, (ulong)export.Length);
        BinaryPrimitives.WriteUInt16BigEndian(reply.AsSpan(8), (ushort)export.Flags(structured));
        await SendAsync(reply, ct);
        return export;
    }

    private async ValueTask<NbdExport?> ListAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        if (!data.IsEmpty) return await SayAsync(NbdOption.List, NbdOptionReply.Invalid, ct);
        if (!options.AllowList) return await SayAsync(NbdOption.List, NbdOptionReply.Policy, ct);
        foreach (var export in exports())
        {
            var name = Encoding.UTF8.GetBytes(export.Name);
            var body = new byte[4 + name.Length];
            BinaryPrimitives.WriteUInt32BigEndian(body, (uint)name.Length);
            name.CopyTo(body, 4);
            await ReplyAsync(NbdOption.List, NbdOptionReply.Server, body, ct);
        }

        return await SayAsync(NbdOption.List, NbdOptionReply.Ack, ct);
    }

    private async ValueTask<NbdExport?> InfoAsync(NbdOption option, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        if (!TryInfo(data.Span, out var name, out var wantsName)) return await SayAsync(option, NbdOptionReply.Invalid, ct);
        if (Find(name) is not { } export) return await SayAsync(option, NbdOptionReply.Unknown, ct);

        var size = new byte[12];
        BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)NbdInfo.Export);
        BinaryPrimitives.WriteUInt64BigEndian(size.AsSpan(2), (ulong)export.Length);
        BinaryPrimitives.WriteUInt16BigEndian(size.AsSpan(10), (ushort)export.Flags(structured));
        await ReplyAsync(option, NbdOptionReply.Info, size, ct);

        var blocks = new byte[14];
        BinaryPrimitives.WriteUInt16BigEndian(blocks, (ushort)NbdInfo.BlockSize);
        BinaryPrimitives.WriteUInt32BigEndian(blocks.AsSpan(2), 1);
        BinaryPrimitives.WriteUInt32BigEndian(blocks.AsSpan(6), Blocks.Block.Size);
        BinaryPrimitives.WriteUInt32BigEndian(blocks.AsSpan(10), NbdProtocol.MaxPayloadBytes);
        await ReplyAsync(option, NbdOptionReply.Info, blocks, ct);

        if (wantsName)
        {
            byte[] canonical = [0, (byte)NbdInfo.Name, .. Encoding.UTF8.GetBytes(export.Name)];
            await ReplyAsync(option, NbdOptionReply.Info, canonical, ct);
        }

        await ReplyAsync(option, NbdOptionReply.Ack, default, ct);
        return option == NbdOption.Go ? export : null;
    }

    private static bool TryInfo(ReadOnlySpan<byte> data, out string name, out bool wantsName)
    {
        var parts = new OptionData(data);
        wantsName = false;
        if (!parts.TryString(out name) || !parts.TryUInt16(out var count)) return false;
        for (var i = 0; i < count; i++)
        {
            if (!parts.TryUInt16(out var info)) return false;
            wantsName |= info == (ushort)NbdInfo.Name;
        }

        return parts.IsEnd;
    }

    private async ValueTask<NbdExport?> MetaContextAsync(NbdOption option, ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        if (option == NbdOption.SetMetaContext) allocationOf = null;
        if (!structured || !TryQueries(data.Span, option, out var name, out var selected)) return await SayAsync(option, NbdOptionReply.Invalid, ct);
        if (Find(name) is not { } export) return await SayAsync(option, NbdOptionReply.Unknown, ct);
        if (selected)
        {
            if (option == NbdOption.SetMetaContext) allocationOf = export;
            var body = new byte[4 + NbdProtocol.Allocation.Length];
            BinaryPrimitives.WriteUInt32BigEndian(body, option == NbdOption.SetMetaContext ? AllocationId : 0);
            Encoding.ASCII.GetBytes(NbdProtocol.Allocation, body.AsSpan(4));
            await ReplyAsync(option, NbdOptionReply.MetaContext, body, ct);
        }

        return await SayAsync(option, NbdOptionReply.Ack, ct);
    }

    /// <summary>A list without a query, or with <c>base:</c>, means every context there is.</summary>
    private static bool TryQueries(ReadOnlySpan<byte> data, NbdOption option, out string name, out bool selected)
    {
        var parts = new OptionData(data);
        selected = false;
        if (!parts.TryString(out name) || !parts.TryUInt32(out var count)) return false;
        var listing = option == NbdOption.ListMetaContext;
        selected = listing && count == 0;
        for (var i = 0u; i < count; i++)
        {
            if (!parts.TryString(out var query)) return false;
            selected |= query == NbdProtocol.Allocation || (listing && query == "base:");
        }

        return parts.IsEnd;
    }

    /// <summary>The empty name stands for the only export, when there is only one.</summary>
    private NbdExport? Find(string name)
    {
        var all = exports();
        return all.FirstOrDefault(e => e.Name == name) ?? (name.Length == 0 && all.Count == 1 ? all[0] : null);
    }

    private async ValueTask<NbdExport?> SayAsync(NbdOption option, NbdOptionReply reply, CancellationToken ct)
    {
        await ReplyAsync(option, reply, default, ct);
        return null;
    }

    private ValueTask ReplyAsync(NbdOption option, NbdOptionReply reply, ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        var message = new byte[NbdProtocol.OptionReplyHeaderBytes + body.Length];
        BinaryPrimitives.WriteUInt64BigEndian(message, NbdProtocol.OptionReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(8), (uint)option);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(12), (uint)reply);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(16), (uint)body.Length);
        body.Span.CopyTo(message.AsSpan(NbdProtocol.OptionReplyHeaderBytes));
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

    private EngineException Violation(string what) => new(Fault.Protocol, peer, what);
}
