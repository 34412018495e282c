using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.IO;

/// <summary>Calls relative to an open folder: a name is one path part and is never followed when it is a link.</summary>
internal static unsafe partial class Posix
{
    public const int Interrupted = 4;
    public const int TryAgain = 11;
    public const int NoMemory = 12;
    public const int TooManyOpenInSystem = 23;
    public const int TooManyOpen = 24;
    public const int NameTooLong = 36;
    public const int LinkInTheWay = 40;
    public const int NotConnected = 107;
    public const int TimedOut = 110;
    public const int HostDown = 112;
    public const int StaleHandle = 116;

    private const int WriteOnly = 1;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    private const int NonBlocking = 0x800;
    private const int SetStatusFlags = 4;
    private const int DirectUnit = 4096;
    private const uint OwnerFile = 0x180;
    private const uint OwnerFolder = 0x1C0;
    private const int EmptyPath = 0x1000;
    private const int NoFollowStat = 0x100;
    private const uint BasicStats = 0x7FF;
    private const int StatSize = 256;

    /// <summary>Opens a folder by its path, following links: the path is the operator's choice. Null when nothing is there.</summary>
    public static SafeFileHandle? OpenFolder(string path) => Checked(Open(path, ReadOnly | Directory | CloseOnExec), "open", path);

    /// <summary>Opens a folder inside another. Null when nothing is there.</summary>
    public static SafeFileHandle? OpenFolderAt(SafeFileHandle folder, string name) =>
        Checked(OpenAt(folder, name, ReadOnly | Directory | NoFollow | CloseOnExec, 0), "openat", name);

    /// <summary>Opens a file for reading. Null when nothing is there.</summary>
    // Non-blocking: a pipe that somebody left under the name must not hold us up.
    public static SafeFileHandle? OpenFileAt(SafeFileHandle folder, string name) =>
        Checked(OpenAt(folder, name, ReadOnly | NoFollow | NonBlocking | CloseOnExec, 0), "openat", name);

    /// <summary>A new file for writing, for its owner only.</summary>
    public static SafeFileHandle CreateFileAt(SafeFileHandle folder, string name)
    {
        var file = OpenAt(folder, name, WriteOnly | Create | Exclusive | NoFollow | CloseOnExec, OwnerFile);
        return file.IsInvalid ? throw Fault("openat", name) : file;
    }

    /// <summary>A new folder for its owner only; without effect when the name is taken.</summary>
    public static void MakeFolderAt(SafeFileHandle folder, string name)
    {
        if (MkDirAt(folder, name, OwnerFolder) != 0 && Marshal.GetLastPInvokeError() != Exists) throw Fault("mkdirat", name);
    }

    /// <inheritdoc cref="TryPublish"/>
    public static bool TryPublishAt(SafeFileHandle draftFolder, string draft, SafeFileHandle folder, string name)
    {
        if (RenameAt2(draftFolder, draft, folder, name, NoReplace) == 0) return true;
        switch (Marshal.GetLastPInvokeError())
        {
            case Exists:
                return false;
            case Invalid or NotSupported or NoSystemCall:
                // A file system whose rename knows no flags (NFS): a second name; the caller drops the first.
                if (LinkAt(draftFolder, draft, folder, name, 0) == 0) return true;
                return Marshal.GetLastPInvokeError() == Exists ? false : throw Fault("linkat", name);
            default:
                throw Fault("renameat2", name);
        }
    }

    /// <returns>False when there was no such file.</returns>
    public static bool TryUnlinkAt(SafeFileHandle folder, string name)
    {
        if (UnlinkAt(folder, name, 0) == 0) return true;
        return Marshal.GetLastPInvokeError() is NoEntry or NotADirectory ? false : throw Fault("unlinkat", name);
    }

    /// <summary>Drops a draft on the way out of a failure that is already being reported; what stays is cleaned up by age.</summary>
    public static void DropAt(SafeFileHandle folder, string name) => _ = UnlinkAt(folder, name, 0);

    /// <summary>What a name in a folder is, links not followed. Null when nothing is there.</summary>
    public static FileFacts? FactsAt(SafeFileHandle folder, string name) => Facts(folder, name, NoFollowStat);

    /// <summary>What an open file is.</summary>
    public static FileFacts FactsOf(SafeFileHandle file) => Facts(file, "", EmptyPath) ?? throw new PosixException("statx", "an open file", NoEntry);

    /// <summary>Writes everything at an offset, straight from the caller's memory.</summary>
    public static void WriteAll(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset, string path)
    {
        fixed (byte* start = bytes)
        {
            for (var done = 0; done < bytes.Length;)
            {
                var wrote = PWrite(file, start + done, bytes.Length - done, offset + done);
                if (wrote > 0) done += (int)wrote;
                else if (wrote == 0 || Marshal.GetLastPInvokeError() != Interrupted) throw Fault("pwrite", path);
            }
        }
    }

    /// <summary>As <see cref="WriteAll"/>, past the page cache where memory and file system allow: a third of the processor time for MiBs that are not read again soon.</summary>
    public static void WriteAllDirect(SafeFileHandle file, ReadOnlySpan<byte> bytes, string path)
    {
        var whole = bytes.Length - (bytes.Length % DirectUnit);
        var done = 0;
        fixed (byte* start = bytes)
        {
            if (whole > 0 && (nuint)start % DirectUnit == 0 && SetFlags(file, SetStatusFlags, WriteOnly | Direct) == 0)
            {
                while (done < whole)
                {
                    var wrote = PWrite(file, start + done, whole - done, done);
                    if (wrote > 0 && wrote % DirectUnit == 0) done += (int)wrote;
                    else if (wrote > 0) break;
                    else if (wrote < 0 && Marshal.GetLastPInvokeError() is var error && error == Invalid) break;
                    else if (wrote == 0 || Marshal.GetLastPInvokeError() != Interrupted) throw Fault("pwrite", path);
                }

                if (SetFlags(file, SetStatusFlags, WriteOnly) != 0) throw Fault("fcntl", path);
            }
        }

        WriteAll(file, bytes[done..], done, path);
    }

    /// <summary>Fills memory from an offset.</summary>
    /// <returns>Bytes read; fewer than asked for only at the end of the file.</returns>
    public static int ReadFully(SafeFileHandle file, Span<byte> into, long offset, string path)
    {
        var done = 0;
        fixed (byte* start = into)
        {
            while (done < into.Length)
            {
                var read = PRead(file, start + done, into.Length - done, offset + done);
                if (read == 0) break;
                if (read > 0) done += (int)read;
                else if (Marshal.GetLastPInvokeError() != Interrupted) throw Fault("pread", path);
            }
        }

        return done;
    }

    private static FileFacts? Facts(SafeFileHandle folder, string name, int flags)
    {
        var raw = stackalloc byte[StatSize];
        if (StatX(folder, name, flags, BasicStats, raw) != 0)
        {
            return Marshal.GetLastPInvokeError() is NoEntry or NotADirectory ? null : throw Fault("statx", name);
        }

        // struct statx, statx(2): nlink at 16, mode at 28, ino at 32, size at 40, mtime at 112, device major and minor at 136.
        var ticks = (*(long*)(raw + 112) * TimeSpan.TicksPerSecond) + (*(uint*)(raw + 120) / TimeSpan.NanosecondsPerTick);
        return new FileFacts(
            Mode: *(ushort*)(raw + 28),
            Links: *(uint*)(raw + 16),
            Length: *(long*)(raw + 40),
            ModifiedAt: DateTimeOffset.UnixEpoch.AddTicks(ticks),
            Device: *(ulong*)(raw + 136),
            Inode: *(ulong*)(raw + 32));
    }

    private static SafeFileHandle? Checked(SafeFileHandle opened, string call, string path)
    {
        if (!opened.IsInvalid) return opened;
        return Marshal.GetLastPInvokeError() == NoEntry ? null : throw Fault(call, path);
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int SetFlags(SafeFileHandle file, int command, int flags);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenAt(SafeFileHandle folder, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MkDirAt(SafeFileHandle folder, string path, uint mode);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(SafeFileHandle fromFolder, string from, SafeFileHandle toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkAt(SafeFileHandle fromFolder, string from, SafeFileHandle toFolder, string to, int flags);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnlinkAt(SafeFileHandle folder, string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(SafeFileHandle folder, string path, int flags, uint mask, byte* into);

    [LibraryImport("libc", EntryPoint = "pwrite64", SetLastError = true)]
    private static partial nint PWrite(SafeFileHandle file, byte* from, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "pread64", SetLastError = true)]
    private static partial nint PRead(SafeFileHandle file, byte* into, nint count, long offset);
}

/// <summary>What statx(2) says about a file.</summary>
internal readonly record struct FileFacts(ushort Mode, uint Links, long Length, DateTimeOffset ModifiedAt, ulong Device, ulong Inode)
{
    private const int TypeMask = 0xF000;
    private const int RegularType = 0x8000;
    private const int FolderType = 0x4000;

    public bool IsFile => (Mode & TypeMask) == RegularType;

    public bool IsFolder => (Mode & TypeMask) == FolderType;
}
