using ZstdSharp;

namespace HyperBdr.Bench.Protect;

/// <summary>A loop device of 4 GiB with the ext4 file system of the data set <c>debian.img</c>, and the changes that are made to it.</summary>
internal sealed class BenchDisk : IDisposable
{
    private const long Length = 4L << 30;
    private const int Page = 4096;
    private const int Piece = 1 << 20;
    private const int PartitionMebibytes = 1;
    private readonly string image;
    private readonly string before;
    private readonly string mountPoint;

    public BenchDisk(string source, string folder)
    {
        (image, before, mountPoint) = (Path.Combine(folder, "disk.img"), Path.Combine(folder, "before.img"), Path.Combine(folder, "mounted"));
        // The kernel may know no partitions of loop devices: the disk is the file system.
        Processes.Run("dd", $"if={source}", $"of={image}", "bs=1M", $"skip={PartitionMebibytes}", "conv=sparse", "status=none");
        using (var file = File.OpenHandle(image, FileMode.Open, FileAccess.Write)) RandomAccess.SetLength(file, Length);
        Directory.CreateDirectory(mountPoint);
        Processes.Run("sync", "-f", image);
        Device = Processes.Run("losetup", "-f", "--show", image).Trim();
    }

    public string Device { get; }

    /// <summary>Brings the image into the page cache, and everything else to the medium.</summary>
    public void Warm()
    {
        Processes.Run("sync");
        using var file = File.OpenHandle(image);
        var buffer = new byte[Piece];
        for (long offset = 0; offset < Length; offset += Piece) RandomAccess.Read(file, buffer, offset);
    }

    /// <summary>Changes pages of files in place, through the mounted file system, as a program does: 32 fields of 8 bytes in each.</summary>
    /// <param name="share">Of all blocks of the disk.</param>
    /// <returns>Blocks that differ on the device then, metadata included, and their bytes when each is compressed for itself.</returns>
    public (long Blocks, long Compressed) Change(double share, int seed)
    {
        Processes.Run("cp", "--sparse=always", image, before);
        Processes.Run("mount", Device, mountPoint);
        try
        {
            var random = new Random(seed);
            var files = new DirectoryInfo(mountPoint).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Where(f => f.Length >= Page).OrderBy(f => f.FullName, StringComparer.Ordinal).ToArray();
            var places = files.SelectMany(f => Enumerable.Range(0, (int)(f.Length / Page)).Select(p => (f.FullName, Page: p))).ToArray();
            random.Shuffle(places);
            foreach (var file in places.Take((int)(share * Length / Page)).GroupBy(p => p.FullName, p => p.Page)) Overwrite(file.Key, file, random);
        }
        finally
        {
            Processes.Run("umount", mountPoint);
        }

        return Differences();
    }

    public void Dispose() => Processes.Run("losetup", "-d", Device);

    private static void Overwrite(string path, IEnumerable<int> pages, Random random)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        var content = new byte[Page];
        foreach (var page in pages)
        {
            RandomAccess.Read(file, content, (long)page * Page);
            for (var field = 0; field < 32; field++) random.NextBytes(content.AsSpan(random.Next(Page / 8) * 8, 8));
            RandomAccess.Write(file, content, (long)page * Page);
        }
    }

    private (long Blocks, long Compressed) Differences()
    {
        using var now = File.OpenHandle(image);
        using var then = File.OpenHandle(before);
        using var zstd = new Compressor(1);
        var (one, other, packed) = (new byte[Piece], new byte[Piece], new byte[Compressor.GetCompressBound(Page)]);
        var (blocks, compressed) = (0L, 0L);
        for (long offset = 0; offset < Length; offset += Piece)
        {
            RandomAccess.Read(now, one, offset);
            RandomAccess.Read(then, other, offset);
            if (one.AsSpan().SequenceEqual(other)) continue;
            for (var at = 0; at < Piece; at += Page)
            {
                var block = one.AsSpan(at, Page);
                if (block.SequenceEqual(other.AsSpan(at, Page))) continue;
                blocks++;
                compressed += Math.Min(Page, zstd.Wrap(block, packed));
            }
        }

        return (blocks, compressed);
    }
}
