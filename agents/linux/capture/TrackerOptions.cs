namespace HyperBdr.Capture;

/// <summary>How writes are followed.</summary>
public sealed record TrackerOptions
{
    /// <summary>KiB of the kernel's ring buffer for each processor, 4 or more; about 14 writes to the KiB. When it overflows, the next point is a full compare.</summary>
    public int BufferKilobytes { get; init; } = 4096;

    /// <summary>How often the ring buffers are emptied at least.</summary>
    public TimeSpan DrainInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Bytes of one bitmap of one disk, 4 KiB or more; a disk that is too large for it is followed in coarser steps. Two bitmaps a disk.</summary>
    public int BitmapBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>After so many points the tracker is not believed once, so that a full compare checks it; 0: never.</summary>
    public int FullCompareEvery { get; init; } = 64;

    /// <summary>Where tracefs is, or is mounted when it is not there.</summary>
    public string TraceFolder { get; init; } = "/sys/kernel/tracing";
}
