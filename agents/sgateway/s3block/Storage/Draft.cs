using System.Buffers;
using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.S3Block.Storage;

/// <summary>Bytes on their way into an entry's file: summed block by block, written behind, nobody's until they are published.</summary>
internal sealed class Draft : IDisposable
{
    /// <summary>Smaller ones are a backup's configuration, indexes and lists, which are read again soon.</summary>
    private const long LeastReleased = 4 << 20;

    private readonly byte[] block = ArrayPool<byte>.Shared.Rent(EntryFormat.BlockBytes);
    private readonly List<uint> sums = [];
    private readonly SafeFileHandle file;
    private int filled;
    private bool published;

    public Draft(string folder)
    {
        Location = Path.Combine(folder, $"{Guid.CreateVersion7():n}");
        file = Posix.OpenDisk(Location, Posix.ReadWrite | Posix.Create | Posix.Exclusive);
    }

    public string Location { get; }

    public long Length { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var fits = Math.Min(bytes.Length, EntryFormat.BlockBytes - filled);
            bytes[..fits].CopyTo(block.AsSpan(filled));
            filled += fits;
            Length += fits;
            bytes = bytes[fits..];
            if (filled == EntryFormat.BlockBytes) WriteBlock();
        }
    }

    /// <summary>Completes the file and syncs it. May be called again with a changed entry.</summary>
    public void Finish(Entry entry)
    {
        if (filled > 0) WriteBlock();
        var tail = EntryFormat.Tail(entry, Length, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(sums));
        Posix.WriteAll(file, tail, Length, Location);
        RandomAccess.SetLength(file, Length + tail.Length);
        Posix.Sync(file, Location);
        if (Length >= LeastReleased) Disk.Release(file);
    }

    /// <summary>Gives the finished file its name, over whatever has it.</summary>
    public void Publish(string path)
    {
        Disk.Replace(Location, path);
        published = true;
    }

    public void Dispose()
    {
        file.Dispose();
        ArrayPool<byte>.Shared.Return(block);
        if (!published) Posix.TryUnlink(Location);
    }

    private void WriteBlock()
    {
        var bytes = block.AsSpan(0, filled);
        sums.Add(Crc32C.Of(bytes));
        Posix.WriteAll(file, bytes, (long)(sums.Count - 1) * EntryFormat.BlockBytes, Location);
        filled = 0;
    }
}
