using System.Runtime.InteropServices;

namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>Signals by the names that manual pages use; the numbers are Linux's on x86-64 and arm64.</summary>
internal enum Signal
{
    /// <summary>Asks nothing; tells whether the process exists.</summary>
    None = 0,
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
}

/// <summary>The few system calls that .NET has no member for.</summary>
internal static partial class Libc
{
    /// <summary>Sends a signal; false when the process (or group, when negative) does not exist any more.</summary>
    public static bool Kill(int processId, Signal signal) => KillNative(processId, (int)signal) == 0;

    /// <summary>Asks a process to end; one that was stopped (SIGSTOP) is continued, so that it can act on it.</summary>
    public static void AskToEnd(int processId, Signal signal)
    {
        Kill(processId, signal);
        Kill(processId, Signal.Continue);
    }

    public static void Chown(string path, uint user, uint group)
    {
        if (ChownNative(path, user, group) != 0)
            throw new IOException($"cannot give {path} to user {user}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    public static bool IsRoot { get; } = EffectiveUser() == 0;

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getegid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial uint EffectiveGroup();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int KillNative(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ChownNative(string path, uint user, uint group);
}
