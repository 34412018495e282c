using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.S3Block.Storage;

/// <summary>An open file of an entry. Its bytes leave only after their block's sum was verified.</summary>
internal sealed class EntryFile : IDisposable
{
    private const int TailGuess = 4096;

    private readonly SafeFileHandle file;
    private readonly uint[] sums;
    private readonly string path;

    private EntryFile(SafeFileHandle file, string path, Entry entry, uint[] sums, long length) =>
        (this.file, this.path, Entry, this.sums, Length) = (file, path, entry, sums, length);

    public Entry Entry { get; }

    /// <summary>Bytes in this file: none of an object made of parts.</summary>
    public long Length { get; }

    /// <returns>Null when there is no such file.</returns>
    /// <exception cref="RotException"/>
    public static EntryFile? Open(string path)
    {
        SafeFileHandle opened;
        try
        {
            if (!File.Exists(path)) return null;
            opened = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        try
        {
            var fileLength = RandomAccess.GetLength(opened);
            if (fileLength < EntryFormat.FooterBytes) throw new RotException(path, "cut off");
            var end = new byte[Math.Min(TailGuess, fileLength)];
            ReadWhole(opened, end, fileLength - end.Length, path);
            var tailLength = EntryFormat.TailLength(end.AsSpan(end.Length - EntryFormat.FooterBytes), fileLength, path);
            if (tailLength > end.Length)
            {
                end = new byte[tailLength];
                ReadWhole(opened, end, fileLength - tailLength, path);
            }

            var (entry, sums, length) = EntryFormat.Parse(end.AsSpan(end.Length - (int)tailLength), path);
            return new EntryFile(opened, path, entry, sums, length);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>One whole block, verified.</summary>
    /// <param name="into">At least <see cref="EntryFormat.BlockBytes"/>.</param>
    /// <exception cref="RotException"/>
    public int ReadBlock(int index, Span<byte> into)
    {
        var at = (long)index * EntryFormat.BlockBytes;
        var bytes = into[..(int)Math.Min(EntryFormat.BlockBytes, Length - at)];
        ReadWhole(file, bytes, at, path);
        return Crc32C.Of(bytes) == sums[index] ? bytes.Length : throw new RotException(path, $"block {index} is damaged");
    }

    public void Dispose() => file.Dispose();

    private static void ReadWhole(SafeFileHandle file, Span<byte> into, long offset, string path)
    {
        if (Posix.ReadFully(file, into, offset, path) != into.Length) throw new RotException(path, "cut off");
    }
}
