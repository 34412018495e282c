using System.Runtime.InteropServices;
using HyperBdr.Engine;

namespace HyperBdr.Storplus.Stores;

/// <summary>What a failed call of the engine's folder store means: by the system call's error number where there is one.</summary>
internal static class FolderFaults
{
    private const int NotPermitted = 1;
    private const int AccessRefused = 13;
    private const int NotADirectory = 20;
    private const int ReadOnlyFileSystem = 30;
    private const int TooManyLinks = 40;

    public static StoreException Of(EngineException e, string action, string name) => new(FaultOf(e, Number(e)), action, name, DetailOf(e), e);

    private static StoreFault FaultOf(EngineException e, int number) => (e.Fault, number) switch
    {
        (_, ReadOnlyFileSystem) => StoreFault.ReadOnly,
        (_, AccessRefused or NotPermitted) => StoreFault.AccessDenied,
        (_, NotADirectory or TooManyLinks) => StoreFault.FolderNotAllowed,
        (Fault.NotFound, _) => StoreFault.BlobMissing,
        (Fault.StoreFull, _) => StoreFault.Full,
        (Fault.StoreUnavailable, _) => StoreFault.PlaceMissing,
        _ => StoreFault.Io,
    };

    /// <summary>The engine's own exception of a system call has the number as its result.</summary>
    private static int Number(EngineException e) => e.InnerException is IOException call ? call.HResult : 0;

    /// <summary>Without the path: that is for the log.</summary>
    private static string DetailOf(EngineException e) => Number(e) is > 0 and var number ? Marshal.GetPInvokeErrorMessage(number) : e.Fault.ToString();
}
