using System.Runtime.CompilerServices;
using CsCheck;
using HyperBdr.Engine.Blocks;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Blocks;

/// <summary>Bytes of tables and file systems are changed at random: nothing crashes, nothing runs on without end, and used data stays used.</summary>
public sealed class DamagedFileSystems : IDisposable
{
    private const long MiB = 1 << 20;
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    /// <summary>Everything that decides is covered by a checksum, so damage can only make more of the disk used.</summary>
    [Theory]
    [InlineData("ext4", "-b 1024", true)]
    [InlineData("ext4", "-b 4096 -O ^metadata_csum,uninit_bg", false)]
    [InlineData("ext2", "-b 1024 -O ^resize_inode", false)]
    [InlineData("xfs", "", true)]
    [InlineData("xfs", "-m crc=0", false)]
    public async Task Damage_never_crashes_or_loops_and_with_checksums_never_frees_what_is_used(string type, string options, bool checksums)
    {
        var image = PartitionedImage(type, options, out var places);
        var sound = await FindAsync(FileSource.Open(image), []);
        sound.Unused.ByteCount.ShouldBeGreaterThan(20 * MiB);
        var change = Gen.Select(Gen.Int[0, places.Length - 1], Gen.Int[0, 4095], Gen.OneOf(Gen.Byte, Gen.Const((byte)0), Gen.Const((byte)0xFF)), (place, at, value) => (Offset: places[place] + at, Value: value));
        var believed = 0;
        await change.Array[1, 6].SampleAsync(async changes =>
        {
            var found = await FindAsync(FileSource.Open(image), changes);
            if (checksums) found.Unused.Subtract(sound.Unused).Count.ShouldBe(0);
            if (found.Unused.Count > 0) Interlocked.Increment(ref believed);
        }, iter: type == "xfs" ? 100 : 600);
        // An XFS log of 64 MiB is scanned whole each time, hence fewer of those. Some changes hit nothing that matters: the parsers are not only refusing.
        believed.ShouldBeGreaterThan(3);
    }

    [Fact]
    public async Task Cut_off_disks_are_used_whole()
    {
        var image = PartitionedImage("ext4", "-b 1024", out _);
        await Gen.Long[1, 96 * MiB].SampleAsync(async length =>
        {
            var path = _scratch.PathOf(Guid.CreateVersion7().ToString());
            using (var source = File.OpenHandle(image))
            using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
            {
                var head = new byte[(int)Math.Min(length, 2 * MiB)];
                RandomAccess.Read(source, head, 0);
                RandomAccess.Write(file, head, 0);
                RandomAccess.SetLength(file, length);
            }

            (await FindAsync(FileSource.Open(path), [])).Unused.Count.ShouldBe(0);
            File.Delete(path);
        }, iter: 60);
    }

    private static async Task<UsedBlocks> FindAsync(FileSource image, (long Offset, byte Value)[] changes)
    {
        await using var source = new ChangedSource(image, changes);
        var found = await UsedBlocks.FindAsync(source, UsedBlocksTrust.CleanOnly, skipSwap: true, CancellationToken.None);
        source.BytesRead.ShouldBeLessThan(3 * image.Length!.Value);
        return found;
    }

    /// <summary>A GPT disk with one file system; the places are those that decide what is used.</summary>
    private string PartitionedImage(string type, string options, out long[] places)
    {
        var size = type == "xfs" ? 340 * MiB : 96 * MiB;
        var image = _scratch.Sparse("image", size);
        Scratch.Run("sh", "-c", $"echo 'label: gpt\nstart=2048,type=L' | sfdisk -q {image}");
        var device = _scratch.Loop(image, "--offset", $"{MiB}", "--sizelimit", $"{size - (2 * MiB)}");
        Scratch.Run($"mkfs.{type}", [type == "xfs" ? "-f" : "-F", "-q", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), device]);
        Scratch.Run("sync", image);
        places = [0, 4096, size - 4096, MiB, MiB, MiB + 4096, MiB + 8192, MiB + 12288, MiB + 65536];
        return image;
    }

    private sealed class ChangedSource(FileSource inner, (long Offset, byte Value)[] changes) : IBlockSource
    {
        public long BytesRead { get; private set; }

        public string Name => inner.Name;

        public long? Length => inner.Length;

        public async ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
        {
            (offset % Block.Size).ShouldBe(0);
            (into.Length % Block.Size).ShouldBe(0);
            var count = await inner.ReadAsync(offset, into, ct);
            BytesRead += count;
            foreach (var (at, value) in changes)
            {
                if (at >= offset && at < offset + count) into.Span[(int)(at - offset)] = value;
            }

            return count;
        }

        public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [EnumeratorCancellation] CancellationToken ct)
        {
            await foreach (var extent in inner.ExtentsAsync(range, ct)) yield return extent;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
