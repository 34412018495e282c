using System.Security.Cryptography;
using HyperBdr.Engine.Blocks;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Blocks;

/// <summary>Real file systems on loop devices: what they do not use is overwritten with garbage, and nothing may be missing.</summary>
public sealed class FileSystemsInUse : IDisposable
{
    private const long MiB = 1 << 20;
    private readonly Scratch _scratch = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("ext4", "")]
    [InlineData("ext4", "-b 1024")]
    [InlineData("ext4", "-b 2048 -N 4096")]
    [InlineData("ext4", "-b 1024 -O ^flex_bg,^resize_inode")]
    [InlineData("ext4", "-O ^64bit -b 1024")]
    [InlineData("ext4", "-O ^metadata_csum,uninit_bg -b 1024")]
    [InlineData("ext4", "-O ^metadata_csum,uninit_bg,^64bit,^flex_bg -b 1024")]
    [InlineData("ext4", "-O ^metadata_csum,^uninit_bg,^sparse_super,^resize_inode -b 1024")]
    [InlineData("ext4", "-O ^has_journal,metadata_csum_seed,inline_data -I 512")]
    [InlineData("ext4", "-G 4 -E lazy_itable_init=1 -b 1024 -g 1024")]
    [InlineData("ext3", "-b 1024")]
    [InlineData("ext2", "-I 128")]
    [InlineData("xfs", "")]
    [InlineData("xfs", "-b size=1024 -d agcount=5")]
    [InlineData("xfs", "-m rmapbt=1,reflink=1 -s size=4096")]
    public async Task Nothing_is_missing_when_everything_unused_is_garbage(string type, string options)
    {
        var image = _scratch.Sparse("image", type == "xfs" ? 330 * MiB : 150 * MiB);
        var device = _scratch.Loop(image);
        Make(type, device, options);
        var files = FillAndUnmount(device);

        var used = await FindAsync(image, UsedBlocksTrust.CleanOnly);
        used.Volumes.Single().ShouldSatisfyAllConditions(v => v.WhyAllUsed.ShouldBeNull(), v => v.Kind.ShouldBe(type == "xfs" ? "xfs" : "ext"));
        used.Unused.ByteCount.ShouldBeGreaterThan(new FileInfo(image).Length / 2);

        Scribble(image, used.Unused);
        // The loop device's cache does not know of writes to its file.
        Scratch.Run("blockdev", "--flushbufs", device);
        MustBeSound(type, device);
        Hashes(_scratch.Mount(device, "-o", type == "xfs" ? "ro,norecovery" : "ro").Folder).ShouldBe(files);
    }

    /// <summary>Kernels of today do not mount version 4 any more; the tools of the file system still tell what is free.</summary>
    [Theory]
    [InlineData("-m crc=0")]
    [InlineData("-m crc=0 -b size=512")]
    public async Task What_an_old_XFS_does_not_use_is_what_its_own_tools_call_free(string options)
    {
        var image = _scratch.Sparse("image", 330 * MiB);
        await File.WriteAllBytesAsync(_scratch.PathOf("file"), RandomNumberGenerator.GetBytes(5_000_000), Ct);
        await File.WriteAllTextAsync(_scratch.PathOf("proto"), $"/x\n0 0\nd--755 0 0\nf1 ---644 0 0 {_scratch.PathOf("file")}\nf2 ---644 0 0 {_scratch.PathOf("file")}\n$\n", Ct);
        Make("xfs", image, $"{options} -p {_scratch.PathOf("proto")}");

        var used = await FindAsync(image, UsedBlocksTrust.CleanOnly);
        used.Volumes.Single().WhyAllUsed.ShouldBeNull();
        var blockSize = options.Contains("512", StringComparison.Ordinal) ? 512 : 4096;
        var groupBytes = long.Parse(Scratch.Run("xfs_db", "-r", "-c", "sb 0", "-c", "p agblocks", image).Split('=')[1].Trim()) * blockSize;
        var free = new RangeSet.Builder();
        foreach (var line in Scratch.Run("xfs_db", "-r", "-c", "freesp -d", image).Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (line.Length != 3 || !line.All(w => w.All(char.IsAsciiDigit))) continue;
            free.AddTouched(new ByteRange((long.Parse(line[0]) * groupBytes) + (long.Parse(line[1]) * blockSize), long.Parse(line[2]) * blockSize));
        }

        used.Unused.Subtract(free.Build()).Count.ShouldBe(0);
        free.Build().Subtract(used.Unused).ByteCount.ShouldBeLessThan(MiB);
        Scribble(image, used.Unused);
        MustBeSound("xfs", image);
    }

    [Theory]
    [InlineData("-O bigalloc")]
    [InlineData("-O meta_bg,^resize_inode")]
    [InlineData("-O sparse_super2")]
    public async Task What_is_not_understood_is_used_whole(string options)
    {
        var image = _scratch.Sparse("image", 150 * MiB);
        Make("ext4", image, options);
        var used = await FindAsync(image, UsedBlocksTrust.Frozen);
        used.Unused.Count.ShouldBe(0);
        used.Volumes.Single().ShouldSatisfyAllConditions(v => v.Kind.ShouldBe("ext"), v => v.WhyAllUsed!.ShouldContain("features"));
    }

    [Theory]
    [InlineData("ext4", "")]
    [InlineData("ext4", "-O ^has_journal")]
    [InlineData("xfs", "")]
    public async Task A_mounted_file_system_is_believed_only_while_it_is_frozen(string type, string options)
    {
        var image = _scratch.Sparse("image", type == "xfs" ? 330 * MiB : 120 * MiB);
        var device = _scratch.Loop(image);
        Make(type, device, options);
        var (folder, unmount) = _scratch.Mount(device);
        Fill(folder);
        Scratch.Run("sync", "-f", folder);
        (await FindAsync(device, UsedBlocksTrust.CleanOnly)).Unused.Count.ShouldBe(0);

        Scratch.Run("fsfreeze", "-f", folder);
        RangeSet unused;
        byte[] frozen;
        try
        {
            unused = (await FindAsync(device, UsedBlocksTrust.Frozen)).Unused;
            if (type == "xfs") (await FindAsync(device, UsedBlocksTrust.CleanOnly)).Unused.Count.ShouldBe(0);
            await using var source = DeviceSource.Open(device);
            await using var holes = new UsedBlockSource(source, unused);
            frozen = await holes.ReadAll(Ct);
        }
        finally
        {
            Scratch.Run("fsfreeze", "-u", folder);
        }

        unused.ByteCount.ShouldBeGreaterThan(frozen.LongLength / 2);
        var files = Hashes(folder);
        unmount();
        var copy = _scratch.PathOf("copy");
        await File.WriteAllBytesAsync(copy, frozen, Ct);
        Scribble(copy, unused);
        var second = _scratch.Loop(copy);
        Hashes(_scratch.Mount(second, type == "xfs" ? ["-o", "nouuid"] : []).Folder).ShouldBe(files);
    }

    [Fact]
    public async Task On_a_partitioned_disk_tables_and_gaps_are_read_and_swap_is_skipped_only_when_asked()
    {
        foreach (var label in (string[])["gpt", "dos"])
        {
            var image = _scratch.Sparse(label, 200 * MiB);
            // dos: partition 4 is an extended one with two logical partitions.
            var script = label == "gpt"
                ? "label: gpt\nstart=4096,size=131072,type=L\nstart=140000,size=65536,type=S\nstart=210000,size=100000,type=E6D6D379-F507-44C2-A23C-238F2A3DF928\n"
                : "label: dos\nstart=4096,size=131072,type=83\nstart=140000,size=65536,type=82\nstart=206000,size=203000,type=5\nstart=210000,size=100000,type=8e\nstart=314000,size=90000,type=83\n";
            await File.WriteAllTextAsync(_scratch.PathOf("script"), script.Replace("start=206000", label == "dos" ? "4 : start=206000" : "start=206000", StringComparison.Ordinal), Ct);
            Scratch.Run("sh", "-c", $"sfdisk -q {image} < {_scratch.PathOf("script")}");
            FormatPart(image, 4096, 131072, "ext4");
            FormatPart(image, 140000, 65536, "swap");
            FormatPart(image, 210000, 100000, "ext4");
            if (label == "dos") FormatPart(image, 314000, 90000, "ext4");

            await using var source = FileSource.Open(image);
            var without = await UsedBlocks.FindAsync(source, UsedBlocksTrust.CleanOnly, skipSwap: false, Ct);
            without.WhyAllUsed.ShouldBeNull();
            without.Volumes.Count.ShouldBe(label == "gpt" ? 3 : 4);
            without.Volumes[0].UnusedBytes.ShouldBeGreaterThan(40 * MiB);
            without.Volumes[1].ShouldSatisfyAllConditions(v => v.Kind.ShouldBe("swap"), v => v.UnusedBytes.ShouldBe(0));
            // It looks like ext4, but its type says LVM.
            without.Volumes[2].UnusedBytes.ShouldBe(0);
            if (label == "dos") without.Volumes[3].UnusedBytes.ShouldBeGreaterThan(30 * MiB);

            var with = await UsedBlocks.FindAsync(source, UsedBlocksTrust.CleanOnly, skipSwap: true, Ct);
            with.Volumes[1].UnusedBytes.ShouldBeGreaterThan(31 * MiB);
            with.Unused.ShouldAllBe(r => with.Volumes.Any(v => r.Offset >= v.Range.Offset && r.End <= v.Range.End));
            with.Unused.Contains((140000L * 512) + 4095).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task A_stale_superblock_below_another_owner_is_not_believed()
    {
        var image = _scratch.Sparse("image", 64 * MiB);
        Make("ext4", image, "-b 1024");
        (await FindAsync(image, UsedBlocksTrust.CleanOnly)).Unused.Count.ShouldBeGreaterThan(0);
        var places = new (long Offset, byte[] Magic)[]
        {
            (4096, [0xFC, 0x4E, 0x2B, 0xA9]), // md 1.2
            ((64 * MiB) - 65536, [0xFC, 0x4E, 0x2B, 0xA9]), // md 0.90
            (512, "LABELONE"u8.ToArray()),
            (0, [0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE]),
            (0x10040, "_BHRfS_M"u8.ToArray()),
            (128 << 10, [0x0C, 0xB1, 0xBA, 0, 0, 0, 0, 0]),
            (100, [1]), // boot code
        };
        foreach (var (offset, magic) in places)
        {
            using var file = File.OpenHandle(image, FileMode.Open, FileAccess.ReadWrite);
            var before = new byte[magic.Length];
            RandomAccess.Read(file, before, offset);
            RandomAccess.Write(file, magic, offset);
            (await FindAsync(image, UsedBlocksTrust.CleanOnly)).Unused.Count.ShouldBe(0, $"offset {offset}");
            RandomAccess.Write(file, before, offset);
        }

        (await FindAsync(image, UsedBlocksTrust.CleanOnly)).Unused.Count.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_disk_that_cannot_be_read_in_part_is_used_whole()
    {
        var image = _scratch.Sparse("image", 64 * MiB);
        Make("ext4", image, "-b 1024");
        var device = _scratch.Loop(image, "--direct-io=on");
        (await FindAsync(device, UsedBlocksTrust.CleanOnly)).Unused.Count.ShouldBeGreaterThan(0);
        using (var file = File.OpenHandle(image, FileMode.Open, FileAccess.Write)) RandomAccess.SetLength(file, 20 * MiB);
        var used = await FindAsync(device, UsedBlocksTrust.CleanOnly);
        used.Unused.Count.ShouldBe(0);
        used.WhyAllUsed!.ShouldContain("cannot be read");
    }

    [Fact]
    public async Task Unused_ranges_become_holes_that_read_as_zeros()
    {
        var content = RandomNumberGenerator.GetBytes(1 << 20);
        await File.WriteAllBytesAsync(_scratch.PathOf("image"), content.AsMemory(0, (1 << 20) - 100), Ct);
        var unused = RangeSet.Touching([new ByteRange(8192, 65536), new ByteRange((1 << 20) - 8192, 4096)]);
        await using var source = new UsedBlockSource(FileSource.Open(_scratch.PathOf("image")), unused);
        foreach (var range in unused) content.AsSpan((int)range.Offset, (int)range.Length).Clear();
        (await source.ReadAll(Ct)).AsSpan().SequenceEqual(content.AsSpan(0, (1 << 20) - 100)).ShouldBeTrue();
        (await source.AllExtents(new ByteRange(0, long.MaxValue), Ct)).Where(e => !e.IsData).Select(e => new ByteRange(e.Offset, e.Length)).ShouldBe(unused);
    }

    private static async Task<UsedBlocks> FindAsync(string path, UsedBlocksTrust trust)
    {
        await using var source = SourceUri.Open(path);
        return await UsedBlocks.FindAsync(source, trust, skipSwap: false, Ct);
    }

    private static void Make(string type, string device, string options) =>
        Scratch.Run($"mkfs.{type}", [.. type == "xfs" ? (string[])["-q", "-f"] : ["-q", "-F"], .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), device]);

    private void FormatPart(string image, int start, int sectors, string type)
    {
        var device = _scratch.Loop(image, "--offset", $"{start * 512L}", "--sizelimit", $"{sectors * 512L}");
        if (type == "swap") Scratch.Run("mkswap", device);
        else Make(type, device, "");
    }

    private Dictionary<string, string> FillAndUnmount(string device)
    {
        var (folder, unmount) = _scratch.Mount(device);
        Fill(folder);
        var files = Hashes(folder);
        unmount();
        return files;
    }

    private static void Fill(string folder)
    {
        var random = new Random(42);
        File.WriteAllBytes(Path.Combine(folder, "big"), RandomNumberGenerator.GetBytes(20 << 20));
        for (var i = 0; i < 150; i++)
        {
            var inner = Directory.CreateDirectory(Path.Combine(folder, $"d{i % 11}")).FullName;
            File.WriteAllBytes(Path.Combine(inner, $"f{i}"), RandomNumberGenerator.GetBytes(random.Next(1, 300_000)));
        }

        File.Delete(Path.Combine(folder, "big"));
        for (var i = 0; i < 150; i += 3) File.Delete(Path.Combine(folder, $"d{i % 11}", $"f{i}"));
    }

    private static Dictionary<string, string> Hashes(string folder) => Directory.EnumerateFiles(folder, "f*", SearchOption.AllDirectories)
        .ToDictionary(f => Path.GetRelativePath(folder, f), f => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))), StringComparer.Ordinal);

    private static void Scribble(string image, RangeSet unused)
    {
        var garbage = RandomNumberGenerator.GetBytes(1 << 20);
        using var file = File.OpenHandle(image, FileMode.Open, FileAccess.Write);
        foreach (var range in unused)
        {
            for (var done = 0L; done < range.Length; done += garbage.Length)
            {
                RandomAccess.Write(file, garbage.AsSpan(0, (int)Math.Min(garbage.Length, range.Length - done)), range.Offset + done);
            }
        }
    }

    private static void MustBeSound(string type, string device)
    {
        if (type == "xfs") Scratch.Run("xfs_repair", "-n", device);
        else Scratch.Run("e2fsck", "-fn", device);
    }
}
