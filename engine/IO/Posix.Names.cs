using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.IO;

/// <summary>The names in a folder, read through its handle, so that what was checked and what is listed are the same folder.</summary>
internal static unsafe partial class Posix
{
    // struct dirent of 64-bit Linux, glibc and musl: d_ino 8, d_off 8, d_reclen 2, d_type 1, then the name.
    private const int NameOffset = 19;

    /// <summary>Every name but <c>.</c> and <c>..</c>; the whole list, since an open folder stream cannot be shared.</summary>
    public static List<string> NamesIn(SafeFileHandle folder, string path)
    {
        // A description of its own: reading moves the position, and closing the stream closes the descriptor.
        var own = OpenRaw(folder, ".", ReadOnly | Directory | CloseOnExec);
        if (own < 0) throw Fault("openat", path);
        var stream = FdOpenDir(own);
        if (stream == 0)
        {
            var fault = Fault("fdopendir", path);
            _ = CloseRaw(own);
            throw fault;
        }

        try
        {
            return ReadNames(stream, path);
        }
        finally
        {
            _ = CloseDir(stream);
        }
    }

    private static List<string> ReadNames(nint stream, string path)
    {
        var names = new List<string>();
        while (ReadDir(stream) is var entry && entry != null)
        {
            if (Marshal.PtrToStringUTF8((nint)(entry + NameOffset)) is { } name and not ("." or "..")) names.Add(name);
        }

        // The end and a failure look alike but for errno, which the call's stub clears before.
        return Marshal.GetLastPInvokeError() == 0 ? names : throw Fault("readdir", path);
    }

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenRaw(SafeFileHandle folder, string path, int flags);

    [LibraryImport("libc", EntryPoint = "fdopendir", SetLastError = true)]
    private static partial nint FdOpenDir(int descriptor);

    [LibraryImport("libc", EntryPoint = "readdir64", SetLastError = true)]
    private static partial byte* ReadDir(nint stream);

    [LibraryImport("libc", EntryPoint = "closedir")]
    private static partial int CloseDir(nint stream);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseRaw(int descriptor);
}
