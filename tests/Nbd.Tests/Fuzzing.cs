using System.Net.Sockets;
using CsCheck;
using HyperBdr.Engine;
using HyperBdr.Engine.Nbd;
using Shouldly;
using Xunit;

namespace HyperBdr.Nbd.Tests;

public sealed class Fuzzing
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly Gen<(int Kind, double Place, byte Value)[]> Mutations = Gen.Select(Gen.Int[0, 4], Gen.Double[0, 1], Gen.Byte).Array[1, 6];

    [Fact]
    public async Task A_server_only_ever_says_protocol_whatever_a_client_sends()
    {
        var (said, _, _) = await RecordAsync(async scratch => scratch.Serve(new MemoryDisk(256 * 1024), new MemoryDisk(256 * 1024)), Conversation);

        NbdFuzz.ServeClient(said);
        Mutations.Sample(m => OnlyProtocol(() => NbdFuzz.ServeClient(Mutate(said, 0, m))), iter: 5000);
    }

    [Fact]
    public async Task A_client_only_ever_says_protocol_whatever_a_server_sends()
    {
        var (_, heard, negotiation) = await RecordAsync(ServeBitmapAsync, Conversation);
        byte[] input = [(byte)negotiation, (byte)(negotiation >> 8), .. heard];

        // As it was recorded it holds every answer that the client asks for.
        NbdFuzz.AnswerClient(input);
        Mutations.Sample(m => OnlyProtocol(() => NbdFuzz.AnswerClient(Mutate(input, 2, m))), iter: 5000);
    }

    [Fact]
    public void A_boot_profile_of_any_bytes_is_read_or_called_damaged()
    {
        var good = new BootProfile(65536, 1L << 40, [.. Enumerable.Range(0, 400).Select(i => (long)i * i % 9973)]).Encode();
        Mutations.Sample(m =>
        {
            try
            {
                BootProfile.Decode(Mutate(good, 0, m), "fuzz");
            }
            catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.NewerFormat)
            {
            }
        }, iter: 5000);
        BootProfile.Decode(good, "good").Units.Count.ShouldBe(400);
    }

    private static async Task Conversation(NbdClient client)
    {
        Task[] calls =
        [
            client.ReadAsync(0, new byte[64 * 1024], None).AsTask(),
            client.ExtentsAsync(new(0, 256 * 1024), None).ToListAsync().AsTask(),
            client.WriteAsync(0, new byte[4096], None).AsTask(),
            client.FlushAsync(None).AsTask(),
        ];
        await Task.WhenAll(calls);
        try
        {
            await client.DirtyRangesAsync("b", None).ToListAsync();
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            // The server of this recording has no bitmaps.
        }
    }

    private static async Task<string> ServeBitmapAsync(Scratch scratch)
    {
        var image = scratch.Path("d.qcow2");
        await Scratch.RunAsync("qemu-img", "create", "-q", "-f", "qcow2", image, "256k");
        await Scratch.RunAsync("qemu-img", "bitmap", "--add", image, "b");
        await Scratch.RunAsync("qemu-io", "-f", "qcow2", "-c", "write -P 2 4096 4096", image);
        await scratch.StartServerAsync(scratch.Path("q"), "qemu-nbd", "-t", "-f", "qcow2", "-x", "disk", "-B", "b", "-k", scratch.Path("q"), image);
        return $"nbd+unix:///disk?socket={scratch.Path("q")}";
    }

    private static void OnlyProtocol(Action fuzz)
    {
        try
        {
            fuzz();
        }
        catch (EngineException e) when (e.Fault == Fault.Protocol)
        {
        }
    }

    private static byte[] Mutate(byte[] bytes, int keep, (int Kind, double Place, byte Value)[] mutations)
    {
        var list = bytes.ToList();
        foreach (var (kind, place, value) in mutations)
        {
            if (list.Count <= keep + 1) break;
            // The interesting bytes are the small messages, not the data of a read.
            var at = keep + (int)(place * place * (list.Count - keep - 1));
            if (kind <= 1) list[at] = value;
            else if (kind == 2) list[at] ^= (byte)(1 << (value & 7));
            else if (kind == 3) list.RemoveRange(at, Math.Min(value, list.Count - at));
            else list.InsertRange(at, list.GetRange(at, Math.Min(value, list.Count - at)));
        }

        return [.. list];
    }

    /// <summary>Lets a client talk to a server through a socket between them that notes both sides.</summary>
    private static async Task<(byte[] Client, byte[] Server, int Negotiation)> RecordAsync(Func<Scratch, Task<string>> serve, Func<NbdClient, Task> talk)
    {
        await using var scratch = new Scratch();
        var server = NbdUri.Parse(await serve(scratch));
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(scratch.Path("between")));
        listener.Listen();
        using var there = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await there.ConnectAsync(new UnixDomainSocketEndPoint(server.SocketPath!));
        var connecting = NbdClient.ConnectAsync(server with { SocketPath = scratch.Path("between") }, new() { DirtyBitmaps = ["b"] });
        using var here = await listener.AcceptAsync();
        using MemoryStream said = new(), heard = new();
        var forth = CopyAsync(here, there, said);
        var back = CopyAsync(there, here, heard);

        int negotiation;
        await using (var client = await connecting)
        {
            negotiation = (int)heard.Length;
            await talk(client);
        }

        await forth;
        await back;
        return (said.ToArray(), heard.ToArray(), negotiation);
    }

    private static async Task CopyAsync(Socket from, Socket to, MemoryStream record)
    {
        var buffer = new byte[65536];
        try
        {
            for (int got; (got = await from.ReceiveAsync(buffer)) > 0;)
            {
                record.Write(buffer, 0, got);
                await to.SendAsync(buffer.AsMemory(0, got));
            }

            to.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other side went first.
        }
    }
}
