using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.IO;

/// <summary>The system calls whose failure the runtime hides or which it lacks; each throws on every error.</summary>
internal static partial class Posix
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int IoError = 5;
    public const int AccessRefused = 13;
    public const int Exists = 17;
    public const int NotADirectory = 20;
    public const int Invalid = 22;
    public const int NoSpace = 28;
    public const int ReadOnlyFileSystem = 30;
    public const int NoSystemCall = 38;
    public const int NotSupported = 95;
    public const int QuotaExceeded = 122;

    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;
    private const int CurrentFolder = -100;

    // These three flags of open(2) have other numbers on ARM.
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;
    private static readonly int Directory = Arm ? 0x4000 : 0x10000;
    private static readonly int NoFollow = Arm ? 0x8000 : 0x20000;

    private const uint NoReplace = 1;

    /// <summary>Returns when the file's data and length are on the device.</summary>
    public static void Sync(SafeFileHandle file, string path)
    {
        if (FSync(file) != 0) throw Fault("fsync", path);
    }

    /// <summary>Returns when the folder's names are on the device.</summary>
    public static void SyncFolder(string path)
    {
        using var folder = Open(path, ReadOnly | Directory | NoFollow | CloseOnExec);
        if (folder.IsInvalid) throw Fault("open", path);
        Sync(folder, path);
    }

    /// <summary>Gives a complete file its name, atomically and never over another file.</summary>
    /// <returns>False when the name is taken; the draft is still there in that case.</returns>
    public static bool TryPublish(string draft, string path)
    {
        if (RenameAt2(CurrentFolder, draft, CurrentFolder, path, NoReplace) == 0) return true;
        switch (Marshal.GetLastPInvokeError())
        {
            case Exists:
                return false;
            case Invalid or NotSupported or NoSystemCall:
                // A file system whose rename knows no flags (some network shares): a second name, then the first goes.
                if (Link(draft, path) == 0)
                {
                    if (Unlink(draft) != 0) throw Fault("unlink", draft);
                    return true;
                }

                return Marshal.GetLastPInvokeError() == Exists ? false : throw Fault("link", path);
            default:
                throw Fault("renameat2", path);
        }
    }

    /// <returns>False when there was no such file.</returns>
    public static bool TryUnlink(string path)
    {
        if (Unlink(path) == 0) return true;
        return Marshal.GetLastPInvokeError() is NoEntry or NotADirectory ? false : throw Fault("unlink", path);
    }

    private static PosixException Fault(string call, string path) => new(call, path, Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unlink(string path);
}

/// <summary>A system call that failed, with its error number.</summary>
internal sealed class PosixException(string call, string path, int number) : IOException($"{call} {path}: {Marshal.GetPInvokeErrorMessage(number)}", number)
{
    public int Number { get; } = number;

    public string Call { get; } = call;
}
