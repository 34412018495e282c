namespace HyperBdr.Storplus.Stores;

/// <summary>What a failed file operation means.</summary>
internal static class FolderFaults
{
    public static StoreException Of(Exception e, string action, string name) => new(FaultOf(e), action, name, DetailOf(e), e);

    private static StoreFault FaultOf(Exception e) => e switch
    {
        FileNotFoundException => StoreFault.BlobMissing,
        DirectoryNotFoundException => StoreFault.PlaceMissing,
        UnauthorizedAccessException { InnerException: IOException { HResult: Posix.ReadOnlyFileSystem } } => StoreFault.ReadOnly,
        UnauthorizedAccessException => StoreFault.AccessDenied,
        _ => e.HResult switch
        {
            Posix.NoSpace or Posix.QuotaExceeded => StoreFault.Full,
            Posix.ReadOnlyFileSystem => StoreFault.ReadOnly,
            Posix.AccessRefused or Posix.NotPermitted => StoreFault.AccessDenied,
            Posix.NoEntry => StoreFault.PlaceMissing,
            Posix.NotADirectory or Posix.TooManyLinks => StoreFault.FolderNotAllowed,
            _ => StoreFault.Io,
        },
    };

    /// <summary>The first line, without the path: that is for the log.</summary>
    private static string DetailOf(Exception e) => e is PosixException posix ? System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(posix.Number) : e.GetType().Name;
}
