using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.Nbd;

/// <summary>The sparse file of an overlay: header, bitmap pages in two places each, then each block at its own place (docs/formats/overlay.md).</summary>
internal sealed partial class OverlayFile : IDisposable
{
    public const int Version = 1;
    public const int MaxIdentityBytes = 1024;
    private const int HeaderBytes = 4096;
    private const int IdentityOffset = 32;
    private const int FlushTogether = 256;
    private const int KeepSize = 1;
    private const int PunchHole = 2;

    /// <summary>"HBDROVL1" as a little-endian number.</summary>
    private const ulong Magic = 0x314C564F52444248;

    private readonly SafeFileHandle handle;
    private readonly string path;
    private readonly long dataStart;
    private bool broken;

    private OverlayFile(SafeFileHandle handle, string path, long length)
    {
        (this.handle, this.path) = (handle, path);
        Bitmap = new(Block.CountFor(length));
        dataStart = HeaderBytes + 2L * OverlayBitmap.PageBytes * Bitmap.Pages;
    }

    public OverlayBitmap Bitmap { get; }

    /// <summary>Makes an empty overlay under a name that is free.</summary>
    public static OverlayFile Create(string path, long length, string identity)
    {
        var draft = path + ".new";
        Guard(path, 0, () =>
        {
            using (var file = File.OpenHandle(draft, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
            {
                RandomAccess.Write(file, Header(length, identity), 0);
                Posix.Sync(file, draft);
            }

            if (!Posix.TryPublish(draft, path)) throw new EngineException(Fault.NameTaken, path, "there is a file already");
            Posix.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        });
        return Open(path, length, identity);
    }

    /// <summary>Opens an overlay for this base alone.</summary>
    public static OverlayFile Open(string path, long length, string identity)
    {
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, FileOptions.RandomAccess);
        }
        catch (FileNotFoundException e)
        {
            throw new EngineException(Fault.NotFound, path, "there is no overlay", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(Fault.Busy, path, "cannot be opened alone", e);
        }

        var whole = false;
        try
        {
            CheckHeader(file, path, length, identity);
            var opened = new OverlayFile(file, path, length);
            opened.LoadBitmap();
            whole = true;
            return opened;
        }
        finally
        {
            if (!whole) file.Dispose();
        }
    }

    public void Read(long block, Span<byte> into) => Guard(path, block * Block.Size, into, (file, bytes) =>
    {
        var start = file.dataStart + block * Block.Size;
        var got = 0;
        while (got < bytes.Length)
        {
            var some = RandomAccess.Read(file.handle, bytes[got..], start + got);
            if (some == 0) break;
            got += some;
        }

        // Behind the file's end is the hole that the last, punched blocks left.
        bytes[got..].Clear();
    });

    public void Write(long offset, ReadOnlyMemory<byte> content) => Guard(path, offset, () => RandomAccess.Write(handle, content.Span, dataStart + offset));

    /// <summary>Gives the room of blocks back; they read as zeros.</summary>
    public void Punch(long block, long count) => Guard(path, block * Block.Size, () =>
    {
        if (Allocate(handle, KeepSize | PunchHole, dataStart + block * Block.Size, count * Block.Size) == 0) return;
        var error = Marshal.GetLastPInvokeError();
        if (error != Posix.NotSupported) throw new PosixException("fallocate", path, error);
    });

    /// <summary>Data first, then the pages that name it: a crash between the two leaves data that nobody reads.</summary>
    public void Flush() => Guard(path, 0, () =>
    {
        if (broken) throw new IOException("an earlier flush failed: what the system still holds of it cannot be known");
        var pages = Bitmap.TakeDirty();
        var durable = 0;
        try
        {
            if (pages.Length == 0) Sync();
            for (; durable < pages.Length; durable = Math.Min(durable + FlushTogether, pages.Length))
                FlushPages(pages.AsSpan(durable, Math.Min(FlushTogether, pages.Length - durable)));
        }
        finally
        {
            if (durable < pages.Length) Bitmap.GiveBack(pages.AsSpan(durable));
        }
    });

    private void FlushPages(ReadOnlySpan<int> pages)
    {
        // The pages as they are now, then the data they name, then the pages: a block written meanwhile is named by the next flush.
        var content = new byte[pages.Length * OverlayBitmap.PageBytes];
        for (var i = 0; i < pages.Length; i++) Bitmap.Encode(pages[i], content.AsSpan(i * OverlayBitmap.PageBytes, OverlayBitmap.PageBytes));
        Sync();
        for (var i = 0; i < pages.Length; i++)
            RandomAccess.Write(handle, content.AsSpan(i * OverlayBitmap.PageBytes, OverlayBitmap.PageBytes), PageOffset(pages[i]) + Bitmap.NextSlot(pages[i]) * OverlayBitmap.PageBytes);
        Sync();
        Bitmap.Commit(pages);
    }

    private void Sync()
    {
        // After a failure the system may have dropped what it could not write, and the next call would succeed without it.
        broken = true;
        Posix.Sync(handle, path);
        broken = false;
    }

    public void Dispose() => handle.Dispose();

    private static byte[] Header(long length, string identity)
    {
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), Block.Size);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), length);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(24), Encoding.UTF8.GetBytes(identity, header.AsSpan(IdentityOffset, MaxIdentityBytes)));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(HeaderBytes - 4), Crc32.HashToUInt32(header.AsSpan(0, HeaderBytes - 4)));
        return header;
    }

    private static void CheckHeader(SafeFileHandle handle, string path, long length, string identity)
    {
        var header = new byte[HeaderBytes];
        if (RandomAccess.Read(handle, header, 0) != HeaderBytes || BinaryPrimitives.ReadUInt64LittleEndian(header) != Magic)
            throw new EngineException(Fault.Corrupt, path, "is no overlay");
        if (BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(HeaderBytes - 4)) != Crc32.HashToUInt32(header.AsSpan(0, HeaderBytes - 4)))
            throw new EngineException(Fault.Corrupt, path, "the header is damaged");
        var version = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8));
        if (version > Version) throw new EngineException(Fault.NewerFormat, path, $"format {version} is newer than {Version}");
        var size = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(24));
        var stored = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16));
        if (version < 1 || BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12)) != Block.Size || size is < 0 or > MaxIdentityBytes)
            throw new EngineException(Fault.Corrupt, path, "the header holds impossible values");
        var name = Encoding.UTF8.GetString(header, IdentityOffset, size);
        if (name != identity || stored != length)
            throw new EngineException(Fault.InvalidArgument, path, $"belongs to the base '{name}' of {stored} bytes, not to '{identity}' of {length} bytes");
    }

    private void LoadBitmap()
    {
        var both = new byte[2 * OverlayBitmap.PageBytes];
        var end = RandomAccess.GetLength(handle);
        for (var page = 0; page < Bitmap.Pages && PageOffset(page) < end; page++)
        {
            both.AsSpan().Clear();
            _ = RandomAccess.Read(handle, both, PageOffset(page));
            if (!Bitmap.TryDecode(page, both)) throw new EngineException(Fault.Corrupt, path, $"bitmap page {page} is damaged");
        }
    }

    private static long PageOffset(int page) => HeaderBytes + 2L * OverlayBitmap.PageBytes * page;

    private static void Guard(string path, long offset, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(Fault.TargetFailed, $"{path}@{offset}", e.Message, e);
        }
    }

    private void Guard(string subject, long offset, Span<byte> bytes, SpanWork work)
    {
        try
        {
            work(this, bytes);
        }
        catch (IOException e)
        {
            throw new EngineException(Fault.SourceUnreadable, $"{subject}@{offset}", e.Message, e);
        }
    }

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    private delegate void SpanWork(OverlayFile file, Span<byte> bytes);
}
