using HyperBdr.Capture.Freezing;
using HyperBdr.Engine;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Capture;

/// <summary>Takes a consistent point of disks that are in use.</summary>
/// <remarks>As live migration does: the disks are copied while the machine works, then again what changed meanwhile, until little is left; then the file
/// systems are frozen, the last blocks of all disks are read, the file systems are thawed, and those blocks are stored.</remarks>
public static class DiskCapture
{
    /// <summary>Copies the disks into the session; the caller commits it and then tells the tracker (<see cref="ChangeTracker.PointPublished"/>).</summary>
    /// <param name="session">A session with nothing in it yet.</param>
    /// <param name="disks">1 or more, each tracked by its name where a tracker is given.</param>
    /// <param name="request">How.</param>
    /// <param name="progress">Called from any thread, and never while file systems are frozen.</param>
    /// <param name="ct">Cancels; the file systems are thawed and the second hook has run when this ends. The session cannot go on then.</param>
    /// <exception cref="EngineException">A disk or the store failed, or a disk was resized (<see cref="Fault.SourceGrew"/>, <see cref="Fault.SourceShrank"/>).</exception>
    /// <exception cref="HookFailedException">A hook failed without which there is to be no point.</exception>
    public static async Task<CaptureResult> RunAsync(WriteSession session, IReadOnlyList<CaptureDisk> disks, CaptureRequest request, IProgress<CaptureProgress> progress, CancellationToken ct)
    {
        Check(disks, request);
        var open = new List<OpenDisk>();
        try
        {
            foreach (var disk in disks) open.Add(OpenDisk.Open(disk));
            var copy = new DiskCopy(session, open, request, progress);
            await copy.BeginAsync(ct);
            return await new PointInstant(session, open, request, progress, copy).ReachAsync(ct);
        }
        finally
        {
            foreach (var disk in open) await disk.DisposeAsync();
        }
    }

    private static void Check(IReadOnlyList<CaptureDisk> disks, CaptureRequest request)
    {
        if (disks.Count == 0 || disks.DistinctBy(d => d.Name).Count() != disks.Count) throw new EngineException(Fault.InvalidArgument, "disks", "a capture needs one or more, each with a name of its own");
        if (request.FreezeTimeout < TimeSpan.FromSeconds(1) || request.FreezeTimeout > TimeSpan.FromSeconds(60)) throw new EngineException(Fault.InvalidArgument, "freeze timeout", "must be 1 to 60 s");
        if (request.MaxRounds is < 0 or > 64) throw new EngineException(Fault.InvalidArgument, "rounds", "must be 0 to 64");
        if (request.SmallEnoughBytes < 0) throw new EngineException(Fault.InvalidArgument, "bytes to freeze for", "must be 0 or more");
    }
}
