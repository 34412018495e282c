using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using HyperBdr.Engine;
using HyperBdr.Engine.Nbd;
using Shouldly;
using Xunit;
using static HyperBdr.Nbd.Tests.Scratch;

namespace HyperBdr.Nbd.Tests;

public sealed class ServerRules
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Libnbd_qemu_and_the_own_client_read_under_tls_and_nothing_is_said_without_it()
    {
        await using var scratch = new Scratch();
        using var certificates = new TestCertificates();
        certificates.Save(scratch.Folder);
        var disk = MemoryDisk.WithData(16, 1, 2, 9);
        var server = scratch.Own(new NbdServer([new("disk", disk, disk)], new()
        {
            Certificate = certificates.Server,
            RequireTls = true,
            ClientCertificateCheck = c => c?.Thumbprint == certificates.Client.Thumbprint,
        }));
        var port = server.ListenTcp(new(IPAddress.Loopback, 0)).Port;
        var uri = NbdUri.Parse($"nbds://localhost:{port}/disk");

        await RunAsync("nbdcopy", $"{uri}?tls-certificates={scratch.Folder}", scratch.Path("copy"));
        (await File.ReadAllBytesAsync(scratch.Path("copy"))).AsSpan().SequenceEqual(disk.Bytes).ShouldBeTrue();
        (await RunAsync("qemu-img", "info", "--object", $"tls-creds-x509,id=t,dir={scratch.Folder},endpoint=client", "--image-opts",
            $"driver=nbd,host=localhost,port={port},export=disk,tls-creds=t")).ShouldContain("virtual size: 16 MiB");
        await using (var client = await NbdClient.ConnectAsync(uri, new() { Authority = certificates.Authority, Certificate = certificates.Client }))
        {
            var all = new byte[16 << 20];
            await client.WriteAsync(0, new byte[] { 1, 2, 3 }, None);
            await client.ReadAsync(0, all, None);
            all.AsSpan().SequenceEqual(disk.Bytes).ShouldBeTrue();
            client.KnowsExtents.ShouldBeTrue();
        }

        await Should.ThrowAsync<EngineException>(async () => await (await NbdClient.ConnectAsync(uri, new() { Authority = certificates.Authority })).ReadAsync(0, new byte[4096], None));
        await Should.ThrowAsync<EngineException>(() => NbdClient.ConnectAsync(uri, new() { Certificate = certificates.Client }));
        (await Should.ThrowAsync<EngineException>(() => NbdClient.ConnectAsync(uri with { Tls = false }))).Message.ShouldContain("wants TLS");
        await Should.ThrowAsync<EngineException>(() => NbdClient.ListAsync(uri with { Tls = false }));
    }

    [Fact]
    public async Task A_socket_is_for_its_owner_alone_and_only_a_dead_one_is_replaced()
    {
        await using var scratch = new Scratch();
        var disk = new MemoryDisk(4096);
        var path = scratch.Path("s");
        await RunAsync("sh", "-c", $"nbdkit -f -U {path} memory 1M & p=$!; while [ ! -S {path} ]; do :; done; kill -9 $p");
        File.Exists(path).ShouldBeTrue();

        await using (var server = new NbdServer([new("disk", disk)]))
        {
            server.ListenUnix(path);
            File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await using var second = new NbdServer([new("disk", disk)]);
            Should.Throw<EngineException>(() => second.ListenUnix(path)).Fault.ShouldBe(Fault.Busy);
            await File.WriteAllTextAsync(scratch.Path("file"), "mine");
            Should.Throw<EngineException>(() => second.ListenUnix(scratch.Path("file"))).Fault.ShouldBe(Fault.NameTaken);
            Should.Throw<EngineException>(() => second.ListenUnix(scratch.Path(new string('x', 120)))).Fault.ShouldBe(Fault.InvalidArgument);
        }

        File.Exists(path).ShouldBeFalse();
        (await File.ReadAllTextAsync(scratch.Path("file"))).ShouldBe("mine");
    }

    [Fact]
    public async Task A_client_that_breaks_the_protocol_loses_its_own_connection_only()
    {
        await using var scratch = new Scratch();
        var disk = MemoryDisk.WithData(4, 1);
        var uri = scratch.Serve(disk);
        var good = await scratch.ConnectAsync(uri);
        using var bad = await RawAsync(uri);

        await bad.SendAsync("\0\0\0\u0001 this is no option at all ....."u8.ToArray());
        while (await bad.ReceiveAsync(new byte[64]) > 0)
        {
        }

        (await good.ReadAsync(1 << 20, new byte[4096], None)).ShouldBe(4096);
        scratch.Failures.OfType<EngineException>().Single().Fault.ShouldBe(Fault.Protocol);
    }

    [Fact]
    public async Task A_client_that_does_not_negotiate_or_is_silent_for_too_long_is_let_go()
    {
        await using var scratch = new Scratch();
        var clock = new HandClock();
        var uri = scratch.Serve(new MemoryDisk(4096), null, new() { HandshakeTimeout = TimeSpan.FromSeconds(5), IdleTimeout = TimeSpan.FromMinutes(10) }, clock);
        using var slow = await RawAsync(uri);
        await slow.ReceiveAsync(new byte[18]);
        var client = await scratch.ConnectAsync(uri);
        await client.ReadAsync(0, new byte[4096], None);

        clock.Advance(TimeSpan.FromSeconds(6));
        (await slow.ReceiveAsync(new byte[1])).ShouldBe(0);
        await client.ReadAsync(0, new byte[4096], None);
        clock.Advance(TimeSpan.FromMinutes(11));
        await Should.ThrowAsync<EngineException>(async () =>
        {
            while (true) await client.ReadAsync(0, new byte[4096], None);
        });
    }

    [Fact]
    public async Task A_client_that_takes_no_replies_is_let_go_and_others_are_served()
    {
        await using var scratch = new Scratch();
        var clock = new HandClock();
        var uri = scratch.Serve(MemoryDisk.WithData(16, [.. Enumerable.Range(0, 16)]), null, new() { SendTimeout = TimeSpan.FromMinutes(2) }, clock);
        using var stalled = await RawAsync(uri);
        byte[] negotiation = [0, 0, 0, 3, .. "IHAVEOPT"u8, 0, 0, 0, 1, 0, 0, 0, 4, .. "disk"u8];
        await stalled.SendAsync(negotiation);
        var request = new byte[28];
        BinaryPrimitives.WriteUInt32BigEndian(request, 0x25609513);
        BinaryPrimitives.WriteUInt32BigEndian(request.AsSpan(24), 8 << 20);
        for (var i = 0; i < 20; i++) await stalled.SendAsync(request);

        var client = await scratch.ConnectAsync(uri);
        while (true)
        {
            lock (scratch.Failures)
            {
                if (scratch.Failures.Count > 0) break;
            }

            await client.ReadAsync(0, new byte[4096], None);
            clock.Advance(TimeSpan.FromSeconds(45));
        }

        scratch.Failures.Single().Message.ShouldContain("does not take its replies");
    }

    [Fact]
    public async Task Requests_are_answered_as_they_finish_and_only_so_many_at_once()
    {
        await using var scratch = new Scratch();
        var gate = new TaskCompletionSource();
        var (now, most) = (0, 0);
        var disk = new MemoryDisk(MemoryDisk.WithData(8, 0).Bytes)
        {
            Reading = async (offset, _, _) =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref now));
                if (offset < 1 << 20) await gate.Task;
                Interlocked.Decrement(ref now);
            },
        };
        var client = await scratch.ConnectAsync(scratch.Serve(disk, null, new() { RequestsInFlight = 4 }));
        var held = Enumerable.Range(0, 3).Select(i => client.ReadAsync(i * 4096, new byte[4096], None).AsTask()).ToArray();
        var others = Enumerable.Range(0, 40).Select(i => client.ReadAsync((1 << 20) + i * 4096, new byte[4096], None).AsTask()).ToArray();

        // The later ones overtake the three that wait.
        await Task.WhenAll(others);
        held.ShouldAllBe(t => !t.IsCompleted);
        gate.SetResult();
        await Task.WhenAll(held);
        most.ShouldBeInRange(2, 4);
    }

    [Fact]
    public async Task An_error_of_the_source_reaches_the_client_and_the_connection_lives_on()
    {
        await using var scratch = new Scratch();
        var disk = new MemoryDisk(MemoryDisk.WithData(4, 0, 1, 2, 3).Bytes) { Reading = (offset, size, _) => offset <= 2 << 20 && offset + size > 2 << 20 ? throw new EngineException(Fault.SourceUnreadable, "memory", "broken") : default };
        var uri = scratch.Serve(disk);
        foreach (var structured in new[] { true, false })
        {
            var client = await scratch.ConnectAsync(uri, new() { StructuredReplies = structured });
            (await Should.ThrowAsync<EngineException>(async () => await client.ReadAsync(2 << 20, new byte[4096], None))).Fault.ShouldBe(Fault.SourceUnreadable);
            (await Should.ThrowAsync<EngineException>(async () => await client.ReadAsync(0, new byte[4 << 20], None))).Fault.ShouldBe(Fault.SourceUnreadable);
            (await client.ReadAsync(0, new byte[4096], None)).ShouldBe(4096);
        }

        (await TryRunAsync("qemu-io", "-r", "-f", "raw", "-c", "read 2M 4k", uri)).Output.ShouldContain("Input/output error");
    }

    [Fact]
    public async Task Writes_that_share_a_block_lose_no_byte()
    {
        await using var scratch = new Scratch();
        var disk = new MemoryDisk(1 << 20) { Reading = async (_, _, _) => await Task.Yield() };
        var uri = scratch.Serve(disk, disk);
        var clients = new[] { await scratch.ConnectAsync(uri), await scratch.ConnectAsync(uri) };

        await Task.WhenAll(Enumerable.Range(0, 1024).Select(i => clients[i % 2].WriteAsync(i * 100, Enumerable.Repeat((byte)(i % 255 + 1), 100).ToArray(), None).AsTask()));

        for (var i = 0; i < 102400; i++) disk.Bytes[i].ShouldBe((byte)(i / 100 % 255 + 1));
    }

    [Theory]
    [InlineData("nbd://host/a%20b", "nbd://host:10809/a%20b")]
    [InlineData("nbds://[::1]:99/", "nbds://[::1]:99/")]
    [InlineData("nbd+unix:///x?socket=/run/a.sock", "nbd+unix:///x?socket=/run/a.sock")]
    [InlineData("nbd+unix:///x", null)]
    [InlineData("nbd://:10/x", null)]
    [InlineData("nbd://h:70000/x", null)]
    [InlineData("http://h/x", null)]
    public void A_uri_says_where_an_export_is(string text, string? same)
    {
        if (same is null) Should.Throw<EngineException>(() => NbdUri.Parse(text)).Fault.ShouldBe(Fault.InvalidArgument);
        else NbdUri.Parse(text).ToString().ShouldBe(same);
    }

    /// <summary>Connects and answers the greeting no further.</summary>
    private static async Task<Socket> RawAsync(string uri)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(NbdUri.Parse(uri).SocketPath!));
        return socket;
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            if (Interlocked.CompareExchange(ref most, value, seen) == seen) return;
        }
    }
}
