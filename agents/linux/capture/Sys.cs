using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Capture;

/// <summary>The system calls that the runtime has no name for.</summary>
internal static unsafe partial class Sys
{
    public const int NotPermitted = 1, NoEntry = 2, Interrupted = 4, TryAgain = 11, Busy = 16, Exists = 17, Invalid = 22, NotSupported = 95;

    private const int ReadOnly = 0, NonBlocking = 0x800, CloseOnExec = 0x80000, CurrentFolder = -100;
    private const nuint FreezeRequest = 0xC0045877, ThawRequest = 0xC0045878;

    /// <summary>Opens a file to be read without ever waiting.</summary>
    /// <exception cref="IOException">Its HResult is the error's number.</exception>
    public static SafeFileHandle OpenNonBlocking(string path) => Open(path, NonBlocking);

    /// <summary>Opens a folder or file, to be asked or told something.</summary>
    /// <exception cref="IOException">Its HResult is the error's number.</exception>
    public static SafeFileHandle OpenPlain(string path) => Open(path, 0);

    /// <returns>Bytes; 0 when there is nothing now.</returns>
    public static int ReadNow(SafeFileHandle file, Span<byte> into)
    {
        fixed (byte* begin = into)
        {
            while (true)
            {
                var got = Read(file, begin, (nuint)into.Length);
                if (got >= 0) return (int)got;
                switch (Marshal.GetLastPInvokeError())
                {
                    case Interrupted: continue;
                    case TryAgain: return 0;
                    case var error: throw Failure("read", "trace_pipe_raw", error);
                }
            }
        }
    }

    /// <summary>Mounts tracefs.</summary>
    public static bool TryMountTraceFs(string folder) => Mount("tracefs", folder, "tracefs", 0, null) == 0;

    /// <summary>Brings a file system to rest on its medium.</summary>
    /// <returns>0, or the error's number.</returns>
    public static int Freeze(SafeFileHandle root) => Control(root, FreezeRequest);

    /// <summary>Lets a file system go on.</summary>
    /// <returns>0, or the error's number: <see cref="Invalid"/> when it was not frozen.</returns>
    public static int Thaw(SafeFileHandle root) => Control(root, ThawRequest);

    /// <summary>Writes out what a file system holds in memory.</summary>
    public static void SyncAll(SafeFileHandle root) => _ = SyncFs(root);

    /// <summary>The number of the device that a path's file system is on, as <c>8:1</c>; null when the path cannot be reached.</summary>
    public static string? DeviceOf(string path)
    {
        // struct statx is the same on every architecture: stx_dev_major and stx_dev_minor are the 32-bit numbers at 136 and 140.
        Span<byte> status = stackalloc byte[256];
        fixed (byte* into = status)
        {
            if (StatX(CurrentFolder, path, 0, 0, into) != 0) return null;
        }

        return $"{BitConverter.ToUInt32(status[136..])}:{BitConverter.ToUInt32(status[140..])}";
    }

    private static int Control(SafeFileHandle root, nuint request)
    {
        while (true)
        {
            if (IoCtl(root, request, 0) == 0) return 0;
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) return error;
        }
    }

    private static SafeFileHandle Open(string path, int flags)
    {
        while (true)
        {
            var file = OpenFile(path, ReadOnly | CloseOnExec | flags);
            if (!file.IsInvalid) return file;
            var error = Marshal.GetLastPInvokeError();
            file.Dispose();
            if (error != Interrupted) throw Failure("open", path, error);
        }
    }

    private static IOException Failure(string call, string path, int error) => new($"{call} {path}: {Marshal.GetPInvokeErrorMessage(error)}", error);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle file, byte* into, nuint length);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoCtl(SafeFileHandle file, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SyncFs(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string kind, nuint flags, string? data);
}
