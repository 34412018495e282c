using HyperBdr.Engine;
using HyperBdr.Engine.Nbd;
using Shouldly;
using Xunit;
using static HyperBdr.Nbd.Tests.Scratch;

namespace HyperBdr.Nbd.Tests;

public sealed class ClientWithRealServers
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task It_reads_writes_zeroes_and_sees_the_holes_of_nbdkit()
    {
        await using var scratch = new Scratch();
        var client = await ServeAsync(scratch, "memory", "48M");
        var data = MemoryDisk.WithData(40, [.. Enumerable.Range(0, 40)]).Bytes;

        await client.WriteAsync(4 << 20, data, None);
        await client.ZeroAsync(new(8 << 20, 4 << 20), None);
        await client.FlushAsync(None);
        data.AsSpan(4 << 20, 4 << 20).Clear();

        var all = new byte[48 << 20];
        (await client.ReadAsync(0, all, None)).ShouldBe(all.Length);
        all.AsSpan(4 << 20, 40 << 20).SequenceEqual(data).ShouldBeTrue();
        client.KnowsExtents.ShouldBeTrue();
        (await client.ExtentsAsync(new(0, 64 << 20), None).ToListAsync()).ShouldBe(
            [new(0, 4 << 20, false), new(4 << 20, 4 << 20, true), new(8 << 20, 4 << 20, false), new(12 << 20, 32 << 20, true), new(44 << 20, 4 << 20, false)]);
    }

    [Fact]
    public async Task Many_callers_share_one_connection_and_answers_come_in_any_order()
    {
        await using var scratch = new Scratch();
        var client = await ServeAsync(scratch, "--filter=delay", "pattern", "64M", "delay-read=20ms");

        await Task.WhenAll(Enumerable.Range(0, 64).Select(async i =>
        {
            var block = new byte[4096];
            await client.ReadAsync(i * 999424L, block, None);
            System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(block).ShouldBe(i * 999424L);
        }));
    }

    [Fact]
    public async Task An_error_of_the_server_names_export_and_offset_and_the_client_goes_on()
    {
        await using var scratch = new Scratch();
        var client = await ServeAsync(scratch, "--filter=error", "memory", "8M", "error-pread-rate=100%", "error-pread-file=" + scratch.Path("fail"));
        await File.WriteAllTextAsync(scratch.Path("fail"), "");

        var failed = await Should.ThrowAsync<EngineException>(async () => await client.ReadAsync(8192, new byte[4096], None));
        File.Delete(scratch.Path("fail"));

        failed.Fault.ShouldBe(Fault.SourceUnreadable);
        failed.Subject.ShouldEndWith("@8192");
        (await client.ReadAsync(8192, new byte[4096], None)).ShouldBe(4096);
    }

    [Fact]
    public async Task A_server_that_dies_fails_what_is_under_way_and_what_comes_after()
    {
        await using var scratch = new Scratch();
        var socket = scratch.Path("s");
        var process = await scratch.StartServerAsync(socket, "nbdkit", "-f", "-U", socket, "--filter=delay", "memory", "8M", "delay-read=60");
        var client = await scratch.ConnectAsync($"nbd+unix:///?socket={socket}");
        var reading = client.ReadAsync(0, new byte[4096], None).AsTask();
        process.Kill();

        (await Should.ThrowAsync<EngineException>(reading)).Fault.ShouldBe(Fault.SourceUnreadable);
        (await Should.ThrowAsync<EngineException>(async () => await client.WriteAsync(0, new byte[4096], None))).Fault.ShouldBe(Fault.TargetFailed);
    }

    [Fact]
    public async Task A_cancelled_read_ends_at_once_and_leaves_its_memory_alone()
    {
        await using var scratch = new Scratch();
        var client = await ServeAsync(scratch, "--filter=delay", "pattern", "8M", "delay-read=300ms");
        using var cancel = new CancellationTokenSource();
        var memory = new byte[4096];
        var reading = client.ReadAsync(4096, memory, cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(reading);
        await client.ReadAsync(8192, new byte[4096], None);
        await client.ReadAsync(8192, new byte[4096], None);
        memory.ShouldAllBe(b => b == 0);
    }

    [Fact]
    public async Task The_dirty_bitmap_of_qemu_gives_what_changed()
    {
        await using var scratch = new Scratch();
        var image = scratch.Path("d.qcow2");
        await RunAsync("qemu-img", "create", "-q", "-f", "qcow2", image, "64M");
        await RunAsync("qemu-io", "-f", "qcow2", "-c", "write -P 1 0 8M", image);
        await RunAsync("qemu-img", "bitmap", "--add", "-g", "4096", image, "since");
        await RunAsync("qemu-io", "-f", "qcow2", "-c", "write -P 2 4096 4096", "-c", "write -P 3 8192 100", "-c", "write -P 4 20M 3M", "-c", "write -P 5 67104768 4096", image);
        await scratch.StartServerAsync(scratch.Path("s"), "qemu-nbd", "-r", "-t", "-f", "qcow2", "-x", "disk", "-B", "since", "-k", scratch.Path("s"), image);

        var client = await scratch.ConnectAsync($"nbd+unix:///disk?socket={scratch.Path("s")}", new() { DirtyBitmaps = ["since"] });

        (await client.DirtyRangesAsync("since", None).ToListAsync()).ShouldBe([new(4096, 8192), new(20 << 20, 3 << 20), new(67104768, 4096)]);
        (await client.ExtentsAsync(new(0, 64 << 20), None).FirstAsync()).ShouldBe(new(0, 8 << 20, true));
        (await Should.ThrowAsync<EngineException>(async () => await client.DirtyRangesAsync("other", None).ToListAsync())).Fault.ShouldBe(Fault.NotFound);
    }

    [Fact]
    public async Task A_server_without_structured_replies_or_without_anybody_behind_it_is_known()
    {
        await using var scratch = new Scratch();
        var plain = await ServeAsync(scratch, "--no-sr", "pattern", "5M");
        plain.KnowsExtents.ShouldBeFalse();
        (await plain.ExtentsAsync(new(0, 5 << 20), None).ToListAsync()).ShouldBe([new(0, 5 << 20, true)]);
        var all = new byte[5 << 20];
        await plain.ReadAsync(0, all, None);
        System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(all.AsSpan(4096)).ShouldBe(4096);

        (await Should.ThrowAsync<EngineException>(() => NbdClient.ConnectAsync(NbdUri.Parse($"nbd+unix:///x?socket={scratch.Path("nobody")}")))).Fault.ShouldBe(Fault.SourceUnreadable);
        var own = scratch.Serve(new MemoryDisk(1 << 20));
        (await NbdClient.ListAsync(NbdUri.Parse(own))).ShouldBe(["disk"]);
        (await Should.ThrowAsync<EngineException>(() => NbdClient.ConnectAsync(NbdUri.Parse(own.Replace("disk", "other", StringComparison.Ordinal))))).Fault.ShouldBe(Fault.NotFound);
    }

    private static async Task<NbdClient> ServeAsync(Scratch scratch, params string[] arguments)
    {
        var socket = scratch.Path("kit");
        await scratch.StartServerAsync(socket, "nbdkit", ["-f", "-U", socket, .. arguments]);
        return await scratch.ConnectAsync($"nbd+unix:///?socket={socket}");
    }
}
