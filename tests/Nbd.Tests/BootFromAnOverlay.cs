using System.Security.Cryptography;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Nbd;
using Shouldly;
using Xunit;

namespace HyperBdr.Nbd.Tests;

public sealed class BootFromAnOverlay
{
    [Fact]
    public async Task A_guest_boots_writes_and_leaves_its_base_alone_and_the_next_boot_finds_its_reads_prefetched()
    {
        await GuestDisk.BuildAsync();
        var bytes = await File.ReadAllBytesAsync(GuestDisk.Disk);
        var before = SHA256.HashData(bytes);
        await using var scratch = new Scratch();
        var delayed = new MemoryDisk(bytes) { Reading = async (_, _, ct) => await Task.Delay(20, ct) };

        var trace = new ReadTrace();
        BootProfile profile;
        await using (var cache = new CachedSource(delayed, new() { Trace = trace }))
        {
            await BootAsync(scratch, cache, "first");
            profile = trace.ToProfile(cache);
        }

        profile.Save(scratch.Path("profile"));
        profile.Units.Count.ShouldBeGreaterThan(200);
        SHA256.HashData(delayed.Bytes).ShouldBe(before);

        await using (var cache = new CachedSource(delayed))
        await using (var prefetcher = new Prefetcher(cache, BootProfile.Load(scratch.Path("profile"))))
        {
            await BootAsync(scratch, cache, "second");
            prefetcher.Done.IsCompleted.ShouldBeTrue();
        }

        SHA256.HashData(delayed.Bytes).ShouldBe(before);
    }

    /// <summary>The whole way: base → read-only export → client → overlay → writable export → QEMU.</summary>
    private static async Task BootAsync(Scratch scratch, CachedSource below, string name)
    {
        var remote = await scratch.ConnectAsync(scratch.Serve(below));
        remote.IsReadOnly.ShouldBeTrue();
        await using var overlay = CopyOnWriteOverlay.Open(scratch.Path(name + ".overlay"), remote, "guest");
        var uri = scratch.Serve(overlay, overlay);
        var begin = TimeProvider.System.GetTimestamp();

        var serial = await Scratch.RunAsync("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "qemu64", "-machine", "q35", "-m", "128", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", GuestDisk.Kernel, "-initrd", GuestDisk.Initrd, "-append", "console=ttyS0 panic=-1 quiet", "-serial", "stdio", "-drive", $"if=virtio,format=raw,file={uri}");

        serial.ShouldContain("READY");
        serial.ShouldContain("marker-1");
        TestContext.Current.TestOutputHelper?.WriteLine($"{name} boot and shutdown {TimeProvider.System.GetElapsedTime(begin).TotalSeconds:0.0} s");
        var changed = await overlay.ChangedRangesAsync(CancellationToken.None).ToListAsync();
        changed.Sum(r => r.Length).ShouldBeInRange(Block.Size, 16 << 20);
        scratch.Failures.ShouldBeEmpty();
    }
}
