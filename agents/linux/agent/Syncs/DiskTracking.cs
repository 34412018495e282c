using HyperBdr.Capture;
using Microsoft.Extensions.Logging;

namespace HyperBdr.LinuxAgent.Syncs;

/// <summary>Follows the disks' writes for as long as the agent runs; begins anew when other disks are there.</summary>
internal sealed partial class DiskTracking(ILogger log) : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private ChangeTracker? tracker;
    private IReadOnlyList<TrackedDisk> tracked = [];
    private bool tried;

    /// <returns>Null on a machine that does not let its writes be followed.</returns>
    public async Task<ChangeTracker?> ForAsync(IReadOnlyList<TrackedDisk> disks, CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            if (tried && disks.All(tracked.Contains)) return tracker;
            if (tracker is not null) await tracker.DisposeAsync();
            (tracker, tracked, tried) = (null, disks, true);
            if (disks.Count > 0) tracker = await ChangeTracker.StartAsync(disks, new TrackerOptions(), ct);
        }
        catch (TrackingUnavailableException e)
        {
            Unavailable(log, e.Message);
        }
        finally
        {
            gate.Release();
        }

        return tracker;
    }

    public async ValueTask DisposeAsync()
    {
        if (tracker is not null) await tracker.DisposeAsync();
        gate.Dispose();
    }

    [LoggerMessage(EventId = 8401, Level = LogLevel.Warning, Message = "Writes cannot be followed on this machine, so every sync reads whole disks: {Reason}")]
    private static partial void Unavailable(ILogger log, string reason);
}
