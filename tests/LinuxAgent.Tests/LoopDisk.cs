using System.Security.Cryptography;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.LinuxAgent.Tests;

/// <summary>A real block device over a file.</summary>
internal sealed class LoopDisk : IDisposable
{
    public LoopDisk(string image, params string[] options)
    {
        Image = image;
        Device = Tool.Run("losetup", ["-f", "--show", .. options, image]).Trim();
    }

    public string Image { get; }

    public string Device { get; }

    /// <summary>A disk with random bytes in a part of it.</summary>
    public static LoopDisk Random(string image, long length, long data, int seed, params string[] options)
    {
        Fill(image, length, data, seed);
        return new LoopDisk(image, options);
    }

    public static async Task<string> Sha256Async(IBlockSource source)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[4 << 20];
        for (long offset = 0; offset < source.Length!.Value;)
        {
            var got = await source.ReadAsync(offset, buffer, TestContext.Current.CancellationToken);
            hash.AppendData(buffer.AsSpan(0, got));
            offset += got;
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    public void Dispose() => Tool.Try("losetup", "-d", Device);

    private static void Fill(string path, long length, long count, int seed)
    {
        var random = new Random(seed);
        using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.SetLength(file, length);
        var bytes = new byte[1 << 20];
        for (long done = 0; done < count; done += bytes.Length)
        {
            random.NextBytes(bytes);
            RandomAccess.Write(file, bytes.AsSpan(0, (int)Math.Min(bytes.Length, count - done)), done);
        }
    }
}
