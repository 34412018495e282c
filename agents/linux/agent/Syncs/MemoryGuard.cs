using HyperBdr.Engine.Sync;
using HyperBdr.LinuxAgent.Inventory;

namespace HyperBdr.LinuxAgent.Syncs;

/// <summary>Fits a sync into the memory that the machine can spare: its own programs come first.</summary>
internal static class MemoryGuard
{
    private const long MiB = 1 << 20;
    private const long Base = 80 * MiB;
    private const long Least = 48 * MiB;
    private const int LeastPack = (int)MiB;

    /// <exception cref="SyncFailure">Not even the smallest sync fits.</exception>
    public static SyncOptions Fit(SyncOptions wanted) => Fit(wanted, HostFacts.AvailableMemory());

    /// <param name="available">0 when the machine does not say.</param>
    public static SyncOptions Fit(SyncOptions wanted, long available)
    {
        if (available == 0) return wanted;
        if (available < Least) throw new SyncFailure(SyncCodes.MemoryLow, $"Only {available / MiB} MiB of memory are available and a sync needs {Least / MiB}: it would take them from the machine's own programs.");
        // Half of what is there at most, as little as one worker with small buffers.
        for (var options = wanted; ; options = Smaller(options))
        {
            if (Base + ((options.Workers + options.Uploads + 1L) * options.PackBytes) <= Math.Max(available / 2, Least) || Smaller(options) == options) return options;
        }
    }

    private static SyncOptions Smaller(SyncOptions options) => options with { PackBytes = Math.Max(LeastPack, options.PackBytes / 2), Workers = Math.Max(1, options.Workers / 2), Uploads = Math.Max(1, options.Uploads / 2) };
}
