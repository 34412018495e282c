using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Shouldly;

namespace HyperBdr.Capture.Tests;

/// <summary>Files opened past the page cache.</summary>
internal static partial class DirectFile
{
    private const int ReadWrite = 2, Direct = 0x4000, CloseOnExec = 0x80000;

    public static SafeFileHandle Open(string path)
    {
        var file = OpenFile(path, ReadWrite | Direct | CloseOnExec);
        file.IsInvalid.ShouldBeFalse(path);
        return file;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFile(string path, int flags);
}
