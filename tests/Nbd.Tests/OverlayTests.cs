using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using CsCheck;
using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Nbd;
using Shouldly;
using Xunit;

namespace HyperBdr.Nbd.Tests;

public sealed class OverlayTests
{
    private const int Bytes = 3 * 1024 * 1024 + 1000;
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public void An_overlay_is_the_same_as_a_disk_in_memory_whatever_is_done_and_after_opening_again()
    {
        var step = Gen.Select(Gen.Int[0, 4], Gen.Int[0, Bytes - 1], Gen.Int[1, 40000], Gen.Byte);
        step.Array[1, 25].Sample(steps => CompareAsync(steps).GetAwaiter().GetResult(), iter: 60, threads: 1);
    }

    [Fact]
    public async Task Exactly_what_was_written_is_changed_and_zeroed_blocks_take_no_room()
    {
        await using var scratch = new Scratch();
        var below = MemoryDisk.WithData(8, 0, 1, 2, 3, 4);
        await using var overlay = CopyOnWriteOverlay.Open(scratch.Path("o"), below, "a");
        await overlay.WriteAsync(4096 * 3 + 5, new byte[] { 1 }, None);
        await overlay.WriteAsync(1 << 20, new byte[1 << 20], None);
        var before = await AllocatedAsync(scratch.Path("o"));
        await overlay.ZeroAsync(new(1 << 20, 1 << 20), None);
        await overlay.ZeroAsync(new(3 << 20, 4096), None);

        (await Ranges(overlay)).ShouldBe([new(4096 * 3, 4096), new(1 << 20, 1 << 20), new(3 << 20, 4096)]);
        (await Extents(overlay)).ShouldBe([new(0, 1 << 20, true), new(1 << 20, 1 << 20, false), new(2 << 20, 1 << 20, true), new(3 << 20, 4096, false), new((3 << 20) + 4096, (2 << 20) - 4096, true), new(5 << 20, 3 << 20, false)]);
        (await AllocatedAsync(scratch.Path("o"))).ShouldBeLessThan(before - 900_000);
    }

    [Fact]
    public async Task An_overlay_of_another_base_is_refused_and_so_is_a_second_opener_or_a_damaged_file()
    {
        await using var scratch = new Scratch();
        var below = new MemoryDisk(1 << 20);
        var path = scratch.Path("o");
        await using (var overlay = CopyOnWriteOverlay.Open(path, below, "point 1, disk 0"))
        {
            await overlay.WriteAsync(0, new byte[4096], None);
            Should.Throw<EngineException>(() => CopyOnWriteOverlay.Open(path, below, "point 1, disk 0")).Fault.ShouldBe(Fault.Busy);
        }

        Should.Throw<EngineException>(() => CopyOnWriteOverlay.Open(path, below, "point 2, disk 0")).Message.ShouldContain("belongs to the base 'point 1, disk 0'");
        Should.Throw<EngineException>(() => CopyOnWriteOverlay.Open(path, new MemoryDisk(2 << 20), "point 1, disk 0")).Fault.ShouldBe(Fault.InvalidArgument);
        var whole = await File.ReadAllBytesAsync(path);
        foreach (var at in new[] { 3, 9, 40, 4095 })
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 1;
            await File.WriteAllBytesAsync(path, damaged);
            Should.Throw<EngineException>(() => CopyOnWriteOverlay.Open(path, below, "point 1, disk 0")).Fault.ShouldBe(Fault.Corrupt);
        }
    }

    [Fact]
    public async Task A_bitmap_page_that_was_cut_while_written_falls_back_to_the_flush_before()
    {
        await using var scratch = new Scratch();
        var below = MemoryDisk.WithData(1, 0);
        var path = scratch.Path("o");
        await using (var overlay = CopyOnWriteOverlay.Open(path, below, "a"))
        {
            await overlay.WriteAsync(0, new byte[4096], None);
            await overlay.FlushAsync(None);
            await overlay.WriteAsync(8192, new byte[4096], None);
        }

        // The second flush went to the first of the two places, the one of even sequences.
        await using (var file = File.Open(path, FileMode.Open))
        {
            file.Position = 4096 + 100;
            file.Write(new byte[500].Select(_ => (byte)0x77).ToArray());
        }

        await using var again = CopyOnWriteOverlay.Open(path, below, "a");
        (await Ranges(again)).ShouldBe([new(0, 4096)]);
    }

    [Fact]
    public async Task Killed_at_any_moment_an_overlay_holds_at_least_what_was_flushed()
    {
        for (var seed = 1; seed <= 4; seed++)
        {
            await using var scratch = new Scratch();
            var path = scratch.Path("o");
            var process = scratch.Start("dotnet", Path.Combine(AppContext.BaseDirectory, "HyperBdr.Nbd.Host.dll"), path, seed.ToString(CultureInfo.InvariantCulture));
            var expected = await KillAfterAsync(process, seed * 3);

            expected.Count.ShouldBeGreaterThan(100);
            await CheckAsync(path, expected);
        }
    }

    [Theory]
    [InlineData("fsync:error=EIO:when=4")]
    [InlineData("fsync:error=EIO:when=7")]
    [InlineData("pwrite64:error=ENOSPC:when=30")]
    [InlineData("pwrite64:error=EIO:when=103")]
    public async Task Failing_at_one_system_call_an_overlay_says_so_and_holds_what_was_flushed(string fault)
    {
        await using var scratch = new Scratch();
        var path = scratch.Path("o");
        var process = scratch.Start("strace", "-f", "-qqq", "--seccomp-bpf", "-e", "trace=" + fault.Split(':')[0], "-e", "inject=" + fault, "-o", "/dev/null",
            "dotnet", Path.Combine(AppContext.BaseDirectory, "HyperBdr.Nbd.Host.dll"), path, "9");
        var expected = await KillAfterAsync(process, int.MaxValue);
        (await process.StandardError.ReadToEndAsync()).ShouldContain("EngineException");

        await CheckAsync(path, expected);
    }

    private static async Task CheckAsync(string path, Dictionary<int, int> expected)
    {
        await using var overlay = await OpenOnceReleasedAsync(path);
        var block = new byte[4096];
        foreach (var (number, round) in expected)
        {
            await overlay.ReadAsync(number * 4096L, block, None);
            BinaryPrimitives.ReadInt32LittleEndian(block).ShouldBeGreaterThanOrEqualTo(round);
            BinaryPrimitives.ReadInt32LittleEndian(block.AsSpan(4092)).ShouldBe(BinaryPrimitives.ReadInt32LittleEndian(block));
        }
    }

    // A process that is ending closes its pipes before it lets go of the overlay.
    private static async Task<CopyOnWriteOverlay> OpenOnceReleasedAsync(string path)
    {
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (var tries = 0; ; tries++)
        {
            try
            {
                return CopyOnWriteOverlay.Open(path, new MemoryDisk(64 << 20), "zeros");
            }
            catch (EngineException e) when (e.Fault == Fault.Busy && tries < 1000)
            {
                await again.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            }
        }
    }

    private static async Task<Dictionary<int, int>> KillAfterAsync(Process process, int rounds)
    {
        var (expected, written) = (new Dictionary<int, int>(), new List<int>());
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("flushed ", StringComparison.Ordinal))
            {
                written = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
                continue;
            }

            var round = int.Parse(line.AsSpan(8), CultureInfo.InvariantCulture);
            foreach (var block in written) expected[block] = round;
            if (round >= rounds) break;
        }

        process.Kill();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldNotBe(0);
        return expected;
    }

    private static async Task CompareAsync((int Kind, int Offset, int Length, byte Value)[] steps)
    {
        await using var scratch = new Scratch();
        var below = new byte[Bytes];
        new Random(1).NextBytes(below.AsSpan(0, Bytes / 2));
        var expected = below.ToArray();
        var overlay = CopyOnWriteOverlay.Open(scratch.Path("o"), new MemoryDisk(below.ToArray()), "a");
        foreach (var (kind, offset, wanted, value) in steps)
        {
            var length = Math.Min(wanted, Bytes - offset);
            if (kind <= 1)
            {
                expected.AsSpan(offset, length).Fill(value);
                await overlay.WriteAsync(offset, expected.AsMemory(offset, length), None);
            }
            else if (kind == 2)
            {
                expected.AsSpan(offset, length).Clear();
                await overlay.ZeroAsync(new(offset, length), None);
            }
            else if (kind == 3)
            {
                await overlay.FlushAsync(None);
            }
            else
            {
                await overlay.DisposeAsync();
                overlay = CopyOnWriteOverlay.Open(scratch.Path("o"), new MemoryDisk(below.ToArray()), "a");
            }
        }

        await using (overlay)
        {
            var actual = new byte[(Bytes + 4095) & -4096];
            (await overlay.ReadAsync(0, actual, None)).ShouldBe(Bytes);
            actual.AsSpan(0, Bytes).SequenceEqual(expected).ShouldBeTrue();
            var at = 0L;
            foreach (var extent in await Extents(overlay))
            {
                extent.Offset.ShouldBe(at);
                at = extent.End;
                if (!extent.IsData) expected.AsSpan((int)extent.Offset, (int)extent.Length).ContainsAnyExcept((byte)0).ShouldBeFalse();
            }

            at.ShouldBe(Bytes);
            var changed = await Ranges(overlay);
            for (var start = 0; start < Bytes; start += Block.Size)
            {
                var size = Math.Min(Block.Size, Bytes - start);
                var written = changed.Any(r => r.Offset <= start && start < r.End);
                written.ShouldBe(steps.Any(s => s.Kind <= 2 && s.Offset < start + size && Math.Min(s.Offset + s.Length, Bytes) > start));
                if (!written) expected.AsSpan(start, size).SequenceEqual(below.AsSpan(start, size)).ShouldBeTrue();
            }
        }
    }

    private static async Task<long> AllocatedAsync(string path) =>
        512 * long.Parse(await Scratch.RunAsync("stat", "-c", "%b", path), CultureInfo.InvariantCulture);

    private static async Task<List<ByteRange>> Ranges(CopyOnWriteOverlay overlay) => await overlay.ChangedRangesAsync(None).ToListAsync();

    private static async Task<List<Extent>> Extents(CopyOnWriteOverlay overlay) => await overlay.ExtentsAsync(new(0, overlay.Length!.Value), None).ToListAsync();
}
