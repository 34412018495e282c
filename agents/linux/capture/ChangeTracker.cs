using HyperBdr.Capture.Tracking;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Points;

namespace HyperBdr.Capture;

/// <summary>Follows the writes to disks through the kernel's own block events, so that a point after another reads only what changed.</summary>
/// <remarks>
/// Knows the changes since a point only if it has followed every write since then: a dropped event, a resize, another start of this program or anything
/// else that it cannot account for makes <see cref="WhyFullCompare"/> say so. One capture at a time; otherwise safe for calls side by side.
/// </remarks>
public sealed class ChangeTracker : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly TrackerOptions options;
    private readonly IReadOnlyList<DiskChanges> disks;
    private readonly ILookup<uint, DiskChanges> byDevice;
    private readonly TraceInstance trace;
    private readonly ManualResetEventSlim stop = new();
    private readonly Thread reader;
    private bool isDisposed;

    private ChangeTracker(TrackerOptions options, IReadOnlyList<DiskChanges> disks, TraceInstance trace)
    {
        this.options = options;
        this.disks = disks;
        this.trace = trace;
        byDevice = disks.SelectMany(d => d.Parts, (d, part) => (d, part)).ToLookup(p => p.part, p => p.d);
        reader = new Thread(Read) { IsBackground = true, Name = "change tracker" };
    }

    /// <summary>Begins to follow.</summary>
    /// <param name="disks">Whole disks or partitions.</param>
    /// <param name="options">Sizes and times.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="TrackingUnavailableException">The machine does not allow it, or has no such device.</exception>
    public static Task<ChangeTracker> StartAsync(IReadOnlyList<TrackedDisk> disks, TrackerOptions options, CancellationToken ct)
    {
        if (disks.Count == 0) throw new ArgumentException("there is no disk to follow", nameof(disks));
        if (options.BufferKilobytes < 4 || options.BitmapBytes < 4096) throw new ArgumentException("a buffer of at least 4 KiB and a bitmap of at least 4096 bytes are needed", nameof(options));
        return Task.Run(() => Start(disks, options), ct);
    }

    /// <summary>The point of the last capture exists: from now on changes are known since it.</summary>
    /// <remarks>To be called once <see cref="HyperBdr.Engine.Repositories.WriteSession.CommitAsync"/> has returned. When it is not called, the next
    /// capture reads what this one has read again.</remarks>
    public void PointPublished(PointId point)
    {
        lock (gate)
        {
            foreach (var disk in disks) disk.Publish(point);
        }
    }

    /// <summary>Why the next point must be a full compare of this disk; null when the changes since <paramref name="parent"/> are known.</summary>
    public string? WhyFullCompare(string disk, PointId? parent)
    {
        lock (gate)
        {
            if (TryFind(disk) is not { } found) return "its writes are not followed";
            Drain();
            return found.WhyNotSince(parent, options.FullCompareEvery);
        }
    }

    /// <summary>Why only a new tracker can follow this disk: it was resized, replaced or removed, or tracing itself failed. Null while that is not so.</summary>
    public string? WhyLost(string disk)
    {
        lock (gate)
        {
            Drain();
            return TryFind(disk) is { } found ? found.Lost : "its writes are not followed";
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (isDisposed) return ValueTask.CompletedTask;
            isDisposed = true;
        }

        stop.Set();
        reader.Join();
        trace.Dispose();
        stop.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The trace buffer's folder.</summary>
    internal string TraceFolder => trace.Folder;

    /// <summary>A capture of a disk begins.</summary>
    /// <returns>The changes since the parent; or why every block must be read. Either way, takes from now on tell what has changed since this moment.</returns>
    internal (RangeSet? Changed, string? Why) Begin(string disk, PointId? parent, bool full)
    {
        lock (gate)
        {
            if (TryFind(disk) is not { } found) return (null, "its writes are not followed");
            Drain();
            var why = full ? "every block was asked for" : found.WhyNotSince(parent, options.FullCompareEvery);
            if (why is null) return (found.TakeAll(), null);
            found.BeginAnew();
            return (null, why);
        }
    }

    /// <summary>What was written to these disks since the last take, all at one moment.</summary>
    internal IReadOnlyList<TakenChanges> Take(IReadOnlyList<CaptureDisk> from)
    {
        lock (gate)
        {
            Drain();
            return [.. from.Select(d => TryFind(d.Name) is { } found ? TakeOf(d, found) : new TakenChanges(d, RangeSet.Empty, RangeSet.Empty, "its writes are not followed"))];
        }
    }

    /// <summary>Bytes that a take would give now.</summary>
    internal long PendingBytes(IReadOnlyList<CaptureDisk> of)
    {
        lock (gate)
        {
            Drain();
            return of.Sum(d => TryFind(d.Name)?.PendingBytes ?? 0);
        }
    }

    /// <summary>The last take is the instant of a point that is to be published.</summary>
    internal void Cut(IReadOnlyList<CaptureDisk> of)
    {
        lock (gate)
        {
            foreach (var disk in of) TryFind(disk.Name)?.Cut();
        }
    }

    private static ChangeTracker Start(IReadOnlyList<TrackedDisk> disks, TrackerOptions options)
    {
        var followed = disks.Select(d => new DiskChanges(d, BlockDevice.Find(d.DevicePath), options.BitmapBytes)).ToList();
        var started = TraceInstance.Start(
            options.TraceFolder,
            options.BufferKilobytes,
            [.. followed.Where(d => d.HasRequests).Select(d => d.Device.DiskDevice).Distinct()],
            [.. followed.Where(d => !d.HasRequests).SelectMany(d => d.Parts).Distinct()],
            [.. followed.Where(d => d.HasRequests && d.Device.JoinsDiscards).SelectMany(d => d.Parts).Distinct()]);
        var tracker = new ChangeTracker(options, followed, started);
        tracker.reader.Start();
        return tracker;
    }

    private static TakenChanges TakeOf(CaptureDisk disk, DiskChanges found)
    {
        var (ranges, written, gap) = found.Take();
        return new TakenChanges(disk, ranges, written, gap);
    }

    private DiskChanges? TryFind(string name) => disks.FirstOrDefault(d => d.Disk.Name == name);

    private void Read()
    {
        while (!stop.Wait(options.DrainInterval))
        {
            lock (gate) Drain();
        }
    }

    // Under the gate. Whatever goes wrong here makes changes unknown, and nothing else.
    private void Drain()
    {
        try
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            var gap = trace.Drain(Note);
            foreach (var disk in disks)
            {
                if (gap is not null) disk.AddGap(gap);
                disk.CheckDevice();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            foreach (var disk in disks) disk.Lose($"block events can no longer be read: {e.Message}");
        }
    }

    private void Note(TraceInstance.Write write)
    {
        foreach (var disk in byDevice[write.Device]) disk.Mark(write.Sector, write.Sectors);
    }
}
