using System.Runtime.InteropServices;
using HyperBdr.Engine.IO;

namespace HyperBdr.Engine.Stores;

/// <summary>What a failed system call of the folder store means.</summary>
internal static class FolderFaults
{
    public static EngineException Of(PosixException e, string subject) =>
        new(FaultOf(e.Number), subject, $"{e.Call}: {Marshal.GetPInvokeErrorMessage(e.Number)}", e);

    private static Fault FaultOf(int number) => number switch
    {
        Posix.NoSpace or Posix.QuotaExceeded => Fault.StoreFull,
        Posix.AccessRefused or Posix.NotPermitted or Posix.ReadOnlyFileSystem or Posix.LinkInTheWay => Fault.StoreRefused,
        // A part of the path is a file or a link, not a folder.
        Posix.NotADirectory => Fault.NameTaken,
        Posix.NameTooLong => Fault.InvalidArgument,
        // A share that comes back, or a limit of this machine that another moment may not meet; NoEntry: the folder vanished under a call.
        Posix.StaleHandle or Posix.HostDown or Posix.TimedOut or Posix.NotConnected or Posix.Interrupted or Posix.TryAgain or Posix.NoMemory
            or Posix.TooManyOpen or Posix.TooManyOpenInSystem or Posix.NoEntry => Fault.StoreUnavailable,
        _ => Fault.StoreFailed,
    };
}
