using System.Runtime.InteropServices;
using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.S3Block.Storage;

/// <summary>Changes of names that hold when the call returns; failures throw.</summary>
internal static partial class Disk
{
    private const int NoEntry = 2;
    private const int Exists = 17;
    private const int NotNeeded = 4;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    /// <summary>Puts the bytes under the path in one step, in place of a file that is there.</summary>
    public static void WriteWhole(string path, string drafts, ReadOnlySpan<byte> bytes)
    {
        var draft = Path.Combine(drafts, $"{Guid.CreateVersion7():n}");
        try
        {
            using (var file = File.OpenHandle(draft, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                File.SetUnixFileMode(file, OwnerOnly);
                RandomAccess.Write(file, bytes, 0);
                Posix.Sync(file, draft);
            }

            Replace(draft, path);
        }
        catch (IOException)
        {
            File.Delete(draft);
            throw;
        }
    }

    /// <summary>Gives a synced file its name, over whatever has it.</summary>
    public static void Replace(string draft, string path)
    {
        if (Rename(draft, path) != 0) throw Fault("rename", path);
        Posix.SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>A second name of the file; false when there is no such file. A name that is taken counts as done: it is this file's, from before a crash.</summary>
    public static bool TryLink(string path, string name)
    {
        if (Link(path, name) != 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case NoEntry: return false;
                case Exists: break;
                default: throw Fault("link", name);
            }
        }

        Posix.SyncFolder(Path.GetDirectoryName(name)!);
        return true;
    }

    /// <summary>The folder and its name are on the device.</summary>
    public static void MakeFolder(string path)
    {
        if (Directory.Exists(path)) return;
        var parent = Path.GetDirectoryName(path)!;
        MakeFolder(parent);
        Directory.CreateDirectory(path, OwnerFolder);
        Posix.SyncFolder(parent);
    }

    /// <returns>False when there was none.</returns>
    public static bool Delete(string path)
    {
        if (!Posix.TryUnlink(path)) return false;
        Posix.SyncFolder(Path.GetDirectoryName(path)!);
        return true;
    }

    /// <summary>Takes a folder away at once, its content afterwards; what a crash leaves is cleaned up at the next start.</summary>
    public static void DeleteFolder(string path, string drafts)
    {
        var gone = Path.Combine(drafts, $"{Guid.CreateVersion7():n}");
        if (Rename(path, gone) != 0)
        {
            if (Marshal.GetLastPInvokeError() == NoEntry) return;
            throw Fault("rename", path);
        }

        Posix.SyncFolder(Path.GetDirectoryName(path)!);
        Directory.Delete(gone, recursive: true);
    }

    /// <summary>Frees the memory that holds a synced file's bytes: what is written once and rarely read must not push out what is read.</summary>
    public static void Release(SafeFileHandle file)
    {
        // Advice: a file system that does not take it keeps its pages, and nothing else is lost.
        _ = Advise(file, 0, 0, NotNeeded);
    }

    private static PosixException Fault(string call, string path) => new(call, path, Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);
}
