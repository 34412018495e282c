using System.Security.Cryptography;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Tests.Repositories;

/// <summary>Disk images with everything that disks have: text, random data, zeros, holes, copies, a partial last block.</summary>
internal static class Images
{
    public static void Make(string path, int seed, long length)
    {
        using var file = File.Create(path);
        file.SetLength(length);
        var random = new Random(seed);
        for (long at = 0; at < length;)
        {
            var size = (int)Math.Min(random.Next(1, 200) * Block.Size, length - at);
            var kind = random.Next(5);
            if (kind > 0)
            {
                file.Position = at;
                file.Write(Content(random, kind, size));
            }

            at += size;
        }
    }

    /// <summary>Overwrites some blocks and says which.</summary>
    public static List<ByteRange> Change(string path, int seed, int changes, int mostBlocks = 3)
    {
        using var file = File.Open(path, FileMode.Open);
        var random = new Random(seed);
        var changed = new List<ByteRange>();
        for (var i = 0; i < changes; i++)
        {
            var at = random.NextInt64(file.Length / Block.Size) * Block.Size;
            var size = (int)Math.Min(random.Next(1, mostBlocks + 1) * Block.Size, file.Length - at);
            file.Position = at;
            file.Write(Content(random, random.Next(1, 4), size));
            changed.Add(new ByteRange(at, size));
        }

        return changed;
    }

    public static byte[] Hash(string path)
    {
        using var file = File.OpenRead(path);
        return SHA256.HashData(file);
    }

    private static byte[] Content(Random random, int kind, int size)
    {
        var bytes = new byte[size];
        if (kind == 1) random.NextBytes(bytes);
        // The same for every caller: duplicates.
        if (kind == 2) new Random(random.Next(3)).NextBytes(bytes);
        if (kind == 3) for (var i = 0; i < size; i++) bytes[i] = (byte)('a' + (random.Next(6) * i % 23));
        return bytes;
    }
}
