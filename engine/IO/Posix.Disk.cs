using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.IO;

/// <summary>What a path leads to, as far as reading and writing disks is concerned.</summary>
internal enum FileKind
{
    Missing,
    Regular,
    BlockDevice,
    Other,
}

internal static partial class Posix
{
    public const int NoSuchAddress = 6;
    public const int DeviceBusy = 16;
    public const int WouldBlock = 11;
    public const int NotATerminal = 25;

    public const int ReadWrite = 2;

    private const uint KeepSize = 1;
    private const uint PunchHole = 2;
    private const uint ZeroRange = 16;
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;
    private const nuint DeviceSizeRequest = 0x80081272; // BLKGETSIZE64
    private const nuint SectorSizeRequest = 0x1268;     // BLKSSZGET
    private const nuint ZeroOutRequest = 0x127f;        // BLKZEROOUT

    /// <summary>O_DIRECT has another number on each architecture.</summary>
    public static int Direct { get; } = Arm ? 0x10000 : 0x4000;

    /// <summary>Opens with the given flags (close-on-exec always); a file that it creates is for its owner only.</summary>
    public static SafeFileHandle OpenDisk(string path, int flags)
    {
        while (true)
        {
            var file = OpenMode(path, flags | CloseOnExec, 0x180);
            if (!file.IsInvalid) return file;
            var error = Marshal.GetLastPInvokeError();
            file.Dispose();
            if (error != Interrupted) throw new PosixException("open", path, error);
        }
    }

    /// <summary>Follows links; a path that cannot be reached for another reason than absence throws.</summary>
    public static unsafe FileKind KindOf(string path)
    {
        // struct statx is the same on every architecture: stx_mode is the 16-bit number at byte 28.
        Span<byte> status = stackalloc byte[256];
        fixed (byte* into = status)
        {
            if (StatX(CurrentFolder, path, 0, 1, into) != 0)
            {
                return Marshal.GetLastPInvokeError() is NoEntry or NotADirectory ? FileKind.Missing : throw Fault("statx", path);
            }
        }

        return (BinaryPrimitives.ReadUInt16LittleEndian(status[28..]) & 0xF000) switch
        {
            0x8000 => FileKind.Regular,
            0x6000 => FileKind.BlockDevice,
            _ => FileKind.Other,
        };
    }

    /// <summary>The first data byte at or after <paramref name="offset"/>.</summary>
    /// <returns>-1 when only a hole follows, -2 when the file system cannot tell.</returns>
    public static long NextData(SafeFileHandle file, long offset) => Seek(file, offset, SeekData);

    /// <summary>The first hole at or after <paramref name="offset"/>; the file's end counts as one.</summary>
    /// <returns>-1 when <paramref name="offset"/> is at or after the end, -2 when the file system cannot tell.</returns>
    public static long NextHole(SafeFileHandle file, long offset) => Seek(file, offset, SeekHole);

    private static long Seek(SafeFileHandle file, long offset, int whence)
    {
        while (true)
        {
            var found = LSeek(file, offset, whence);
            if (found >= 0) return found;
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted: continue;
                case NoSuchAddress: return -1;
                default: return -2;
            }
        }
    }

    /// <summary>Gives the range back to the file system or device; it reads as zeros then.</summary>
    /// <returns>False when this file or device cannot; nothing is promised of the range in that case.</returns>
    public static bool TryPunch(SafeFileHandle file, string path, long offset, long length) =>
        TryAllocate(file, path, PunchHole | KeepSize, offset, length);

    /// <summary>Makes the range read as zeros without writing it.</summary>
    /// <returns>False when this file or device cannot; nothing is promised of the range in that case.</returns>
    public static bool TryZeroRange(SafeFileHandle file, string path, long offset, long length) =>
        TryAllocate(file, path, ZeroRange | KeepSize, offset, length);

    private static bool TryAllocate(SafeFileHandle file, string path, uint mode, long offset, long length)
    {
        while (FAllocate(file, mode, offset, length) != 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted: continue;
                case NotSupported or NoSystemCall or Invalid or NotPermitted: return false;
                default: throw Fault("fallocate", path);
            }
        }

        return true;
    }

    /// <summary>Has the kernel zero a range of a block device, by command where the device has one and else by writes of its own.</summary>
    /// <returns>False when the device cannot.</returns>
    public static unsafe bool TryZeroOut(SafeFileHandle device, string path, long offset, long length)
    {
        var range = stackalloc ulong[2] { (ulong)offset, (ulong)length };
        while (IoCtl(device, ZeroOutRequest, range) != 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted: continue;
                case NotSupported or NotATerminal or Invalid: return false;
                default: throw Fault("BLKZEROOUT", path);
            }
        }

        return true;
    }

    /// <summary>Bytes of a block device.</summary>
    public static unsafe long DeviceSize(SafeFileHandle device, string path)
    {
        ulong size;
        if (IoCtl(device, DeviceSizeRequest, &size) != 0) throw Fault("BLKGETSIZE64", path);
        return checked((long)size);
    }

    /// <summary>Bytes of a block device's logical sector.</summary>
    public static unsafe int SectorSize(SafeFileHandle device, string path)
    {
        int size;
        if (IoCtl(device, SectorSizeRequest, &size) != 0) throw Fault("BLKSSZGET", path);
        return size;
    }

    /// <summary>Claims the file against every other process that claims it so.</summary>
    /// <returns>False when another process holds it. True also where the file system knows no locks.</returns>
    public static bool TryLock(SafeFileHandle file)
    {
        while (FLock(file, LockExclusive | LockNonBlocking) != 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted: continue;
                case WouldBlock: return false;
                default: return true;
            }
        }

        return true;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenMode(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int folder, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long LSeek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int FAllocate(SafeFileHandle file, uint mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static unsafe partial int IoCtl(SafeFileHandle file, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FLock(SafeFileHandle file, int operation);
}
