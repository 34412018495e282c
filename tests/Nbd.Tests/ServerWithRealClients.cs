using System.Text.Json;
using HyperBdr.Engine;
using HyperBdr.Engine.Nbd;
using Shouldly;
using Xunit;
using static HyperBdr.Nbd.Tests.Scratch;

namespace HyperBdr.Nbd.Tests;

public sealed class ServerWithRealClients
{
    [Fact]
    public async Task Qemu_reads_every_byte_and_sees_the_holes()
    {
        await using var scratch = new Scratch();
        using var disk = new TestFile(scratch, MemoryDisk.WithData(24, 1, 2, 9, 23));
        var uri = scratch.Serve(disk.Disk);

        (await RunAsync("qemu-img", "info", uri)).ShouldContain("virtual size: 24 MiB");
        (await RunAsync("qemu-img", "compare", "-f", "raw", "-F", "raw", uri, disk.Path)).ShouldContain("identical");
        await RunAsync("qemu-img", "convert", "-f", "raw", "-O", "raw", uri, scratch.Path("copy"));
        (await File.ReadAllBytesAsync(scratch.Path("copy"))).ShouldBe(disk.Disk.Bytes);
        using var map = JsonDocument.Parse(await RunAsync("qemu-img", "map", "-f", "raw", "--output=json", uri));
        map.RootElement.EnumerateArray().Where(e => e.GetProperty("data").GetBoolean()).Select(e => (e.GetProperty("start").GetInt64() >> 20, e.GetProperty("length").GetInt64() >> 20))
            .ShouldBe([(1, 2), (9, 1), (23, 1)]);
        scratch.Failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_disk_whose_length_is_no_multiple_of_a_block_is_served_to_its_last_byte()
    {
        await using var scratch = new Scratch();
        var bytes = new byte[1024 * 1024 + 512 * 3];
        new Random(3).NextBytes(bytes);
        var disk = new MemoryDisk(bytes);
        var uri = scratch.Serve(disk, disk);

        await RunAsync("nbdcopy", uri, scratch.Path("copy"));

        (await File.ReadAllBytesAsync(scratch.Path("copy"))).ShouldBe(bytes);
        await RunAsync("qemu-io", "-f", "raw", "-c", $"write -P 0x5a {bytes.Length - 700} 700", uri);
        bytes[^700..].ShouldAllBe(b => b == 0x5a);
        bytes[^701].ShouldBe(disk.Bytes[^701]);
    }

    [Fact]
    public async Task Qemu_io_writes_patterns_of_any_offset_and_length()
    {
        await using var scratch = new Scratch();
        var disk = MemoryDisk.WithData(8, 0, 1, 2, 3, 4, 5, 6, 7);
        var expected = disk.Bytes.ToArray();
        var uri = scratch.Serve(disk, disk);

        await RunAsync("qemu-io", "-f", "raw", "-c", "write -P 0x11 0 1M", "-c", "write -P 0x22 5000 3", "-c", "write -P 0x33 1048000 9000",
            "-c", "write -z 3000000 70001", "-c", "write -z -u 4M 512k", "-c", "discard 6M 1M", "-c", "write -f -P 0x44 7M 4096", "-c", "flush", uri);

        expected.AsSpan(0, 1 << 20).Fill(0x11);
        expected.AsSpan(5000, 3).Fill(0x22);
        expected.AsSpan(1048000, 9000).Fill(0x33);
        expected.AsSpan(3000000, 70001).Clear();
        expected.AsSpan(4 << 20, 512 << 10).Clear();
        expected.AsSpan(6 << 20, 1 << 20).Clear();
        expected.AsSpan(7 << 20, 4096).Fill(0x44);
        disk.Bytes.AsSpan().SequenceEqual(expected).ShouldBeTrue();
        disk.Flushes.ShouldBeGreaterThan(0);
        await RunAsync("qemu-io", "-f", "raw", "-c", "read -P 0x33 1048000 9000", "-c", "read -P 0 6M 1M", uri);
        scratch.Failures.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Nbdcopy_copies_in_both_directions_over_several_connections(int connections)
    {
        await using var scratch = new Scratch();
        var from = MemoryDisk.WithData(48, [.. Enumerable.Range(3, 30)]);
        var to = new MemoryDisk(48 << 20);

        await RunAsync("nbdcopy", $"--connections={connections}", "--flush", scratch.Serve(from), scratch.Serve(to, to));

        to.Bytes.AsSpan().SequenceEqual(from.Bytes).ShouldBeTrue();
        scratch.Failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task Nbdinfo_sees_the_sizes_the_map_and_every_name()
    {
        await using var scratch = new Scratch();
        var disk = MemoryDisk.WithData(8, 2, 3);
        var longest = new string('n', 4096);
        var server = scratch.Own(new NbdServer([new("disk", disk), new("второй диск", disk, disk), new(longest, disk)]));
        server.ListenUnix(scratch.Path("s"));
        var place = $"?socket={scratch.Path("s")}";

        using var info = JsonDocument.Parse(await RunAsync("nbdinfo", "--json", "nbd+unix:///disk" + place));
        var export = info.RootElement.GetProperty("exports")[0];
        export.GetProperty("export-size").GetInt64().ShouldBe(8 << 20);
        export.GetProperty("is_read_only").GetBoolean().ShouldBeTrue();
        export.GetProperty("can_multi_conn").GetBoolean().ShouldBeTrue();
        export.GetProperty("block_size_minimum").GetInt32().ShouldBe(1);
        export.GetProperty("block_size_preferred").GetInt32().ShouldBe(4096);
        export.GetProperty("block_size_maximum").GetInt32().ShouldBe(32 << 20);
        export.GetProperty("contexts")[0].GetString().ShouldBe("base:allocation");
        using var map = JsonDocument.Parse(await RunAsync("nbdinfo", "--map", "--json", "nbd+unix:///disk" + place));
        map.RootElement.EnumerateArray().Select(e => (e.GetProperty("offset").GetInt64() >> 20, e.GetProperty("length").GetInt64() >> 20, e.GetProperty("type").GetInt32()))
            .ShouldBe([(0, 2, 3), (2, 2, 0), (4, 4, 3)]);
        using var list = JsonDocument.Parse(await RunAsync("nbdinfo", "--list", "--json", "nbd+unix:///" + place));
        list.RootElement.GetProperty("exports").EnumerateArray().Select(e => e.GetProperty("export-name").GetString()).ShouldBe(["disk", "второй диск", longest]);
    }

    [Fact]
    public async Task A_read_only_export_takes_no_write()
    {
        await using var scratch = new Scratch();
        var disk = MemoryDisk.WithData(4, 1);
        var before = disk.Bytes.ToArray();

        var uri = scratch.Serve(disk);
        (await TryRunAsync("qemu-io", "-f", "raw", "-c", "write 0 4096", uri)).Code.ShouldNotBe(0);
        var client = await scratch.ConnectAsync(uri);
        (await Should.ThrowAsync<EngineException>(async () => await client.WriteAsync(0, new byte[4096], CancellationToken.None))).Fault.ShouldBe(Fault.TargetFailed);

        disk.Bytes.ShouldBe(before);
    }
}
