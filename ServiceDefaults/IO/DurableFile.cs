using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.ServiceDefaults.IO;

/// <summary>Files that are whole and on the disk before anybody can see their name.</summary>
/// <remarks>
/// Draft in the same folder, write, fsync, rename, fsync of the folder. A crash leaves the old file (or none) and perhaps a draft
/// (<c>.{name}.{id}.part</c>), never half a file. The runtime's own flush does not report a failed fsync on every platform; this one
/// throws. After a failed fsync the draft is given up, never synced again: the kernel may have dropped the pages (fsync(2), ERRORS).
/// </remarks>
public static class DurableFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int ReadOnlyFolder = 0x80000; // O_RDONLY | O_CLOEXEC on Linux

    /// <summary>Puts what <paramref name="write"/> writes under <paramref name="path"/>, in place of a file that is there.</summary>
    /// <exception cref="IOException">The disk did not take it; <paramref name="path"/> is unchanged.</exception>
    public static async Task WriteAsync(string path, Func<Stream, CancellationToken, Task> write, CancellationToken ct)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var draft = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.CreateVersion7():n}.part");
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, Options = FileOptions.Asynchronous, UnixCreateMode = OwnerOnly };
            await using (var file = new FileStream(draft, options))
            {
                await write(file, ct);
                await file.FlushAsync(ct);
                Sync(file.SafeFileHandle, draft);
            }

            File.Move(draft, path, overwrite: true);
            SyncFolder(folder);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

    /// <summary>Removes the file, if it is there, so that it stays removed after a crash.</summary>
    public static void Delete(string path)
    {
        if (!File.Exists(path)) return;
        File.Delete(path);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Returns when the file's bytes and length are on the disk.</summary>
    public static void Sync(SafeFileHandle file, string name)
    {
        if (NativeSync(file) != 0) throw Fault("fsync", name);
    }

    /// <summary>Returns when the names in the folder are on the disk.</summary>
    public static void SyncFolder(string folder)
    {
        using var handle = NativeOpen(folder, ReadOnlyFolder);
        if (handle.IsInvalid) throw Fault("open", folder);
        if (NativeSync(handle) != 0) throw Fault("fsync", folder);
    }

    private static IOException Fault(string action, string name)
    {
        var cause = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException($"{action} {name}: {cause.Message}", cause);
    }

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NativeSync(SafeFileHandle file);

    [DllImport("libc", EntryPoint = "open", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern SafeFileHandle NativeOpen([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);
}
