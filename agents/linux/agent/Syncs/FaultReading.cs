using HyperBdr.Capture;
using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.LinuxAgent.Syncs;

/// <summary>What a failed sync is called: by what failed, seen from this machine.</summary>
internal static class FaultReading
{
    private const int NoSuchDevice = 19;
    private const int NoSuchAddress = 6;
    private const int NoSpace = 28;
    private const int Quota = 122;

    /// <param name="e">What ended the sync.</param>
    /// <param name="devices">Paths of the disks in it.</param>
    public static SyncFailure Of(Exception e, IReadOnlyList<string> devices) => e switch
    {
        SyncFailure known => known,
        // A script of the administrator: its own failure says which and why.
        HookFailedException { InnerException: SyncFailure script } => script,
        EngineException fault => OfEngine(fault, devices),
        IOException or UnauthorizedAccessException => IsFull(e) ? Full(e) : new SyncFailure(SyncCodes.LocalFailed, $"This machine's own files cannot be written: {e.Message}", e),
        _ => new SyncFailure(SyncCodes.Internal, $"The agent has a defect: {e.GetType().Name}: {e.Message}", e),
    };

    /// <summary>True for an error that only says that the two clocks differ.</summary>
    public static bool IsClock(EngineException e) => Says(e, "RequestTimeTooSkewed") || Says(e, "RequestExpired");

    private static SyncFailure OfEngine(EngineException e, IReadOnlyList<string> devices) => e.Fault switch
    {
        Fault.SourceUnreadable or Fault.SourceShrank or Fault.SourceGrew or Fault.NotFound when DeviceOf(e, devices) is { } device => OfDisk(e, device),
        Fault.SourceUnreadable => new(SyncCodes.ReadFailed, $"{e.Message}.", e),
        Fault.SourceShrank => new(SyncCodes.Shrunk, $"A disk became smaller during the sync: {e.Message}.", e),
        Fault.SourceGrew => new(SyncCodes.Grown, $"A disk became larger during the sync; the next sync takes it whole: {e.Message}.", e),
        Fault.CacheFailed or Fault.TargetFailed => IsFull(e) ? Full(e) : new(SyncCodes.LocalFailed, $"The agent's own folder cannot be used: {e.Message}.", e),
        Fault.StoreFull => new(SyncCodes.PoolFull, $"The storage pool is full: {e.Message}.", e),
        _ when IsClock(e) => new(SyncCodes.ClockWrong, "This machine's clock and that of the storage pool differ too much: set this machine's time.", e),
        Fault.ClockJumped => new(SyncCodes.ClockWrong, $"The storage pool's clock went backwards: {e.Message}.", e),
        Fault.StoreUnavailable => new(SyncCodes.PoolUnreachable, $"The storage pool does not answer: {e.Message}.", e),
        Fault.StoreRefused when Says(e, "ExpiredToken") => new(SyncCodes.SessionExpired, "The access that the console lent for this sync has expired: start the sync again.", e),
        Fault.StoreRefused => new(SyncCodes.PoolRefused, $"The storage pool refuses this machine: {e.Message}.", e),
        Fault.SessionOutlived => new(SyncCodes.SessionOutlived, $"The sync took longer than the repository allows: {e.Message}.", e),
        _ => new(e.Code, $"{e.Message}.", e),
    };

    private static SyncFailure OfDisk(EngineException e, string device)
    {
        if (!IsThere(device) || Numbers(e).Any(n => n is NoSuchDevice or NoSuchAddress)) return new(SyncCodes.Vanished, $"The disk {device} has vanished during the sync.", e);
        return e.Fault switch
        {
            Fault.SourceShrank => new(SyncCodes.Shrunk, $"The disk {device} became smaller during the sync: {e.Message}.", e),
            Fault.SourceGrew => new(SyncCodes.Grown, $"The disk {device} became larger during the sync; the next sync takes it whole: {e.Message}.", e),
            _ when e is SourceUnreadableException at => new(SyncCodes.ReadFailed, $"The disk {device} cannot be read at offset {at.Range.Offset} ({at.Range.Length} bytes).", e),
            _ => new(SyncCodes.ReadFailed, $"The disk {device} cannot be read: {e.Message}.", e),
        };
    }

    private static string? DeviceOf(EngineException e, IReadOnlyList<string> devices) =>
        devices.FirstOrDefault(d => e.Subject == d || e.Subject.StartsWith(d + " ", StringComparison.Ordinal));

    // A loop device that was taken away keeps its name and has no length.
    private static bool IsThere(string device)
    {
        var folder = $"/sys/class/block/{Path.GetFileName(device)}";
        return !Directory.Exists("/sys/class/block") || (Directory.Exists(folder) && Inventory.SmallFile.Number(folder + "/size") > 0);
    }

    private static SyncFailure Full(Exception e) => new(SyncCodes.LocalFull, $"This machine has no room left for the agent's own files: {e.Message}", e);

    private static bool IsFull(Exception e) => Numbers(e).Any(n => n is NoSpace or Quota);

    private static bool Says(Exception? e, string word)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e.Message.Contains(word, StringComparison.Ordinal)) return true;
        }

        return false;
    }

    private static IEnumerable<int> Numbers(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is IOException io) yield return io.HResult;
        }
    }
}
