using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Points;

namespace HyperBdr.Capture.Tracking;

/// <summary>What is known of the writes to one disk. One caller at a time.</summary>
/// <remarks>
/// Two bitmaps: <c>fresh</c> takes every write as it happens; <c>since</c> has what was written between the point that changes are known
/// since and the last take. A take moves fresh into since. When a point is published, since belongs to it and is forgotten; when its session
/// fails, since stays and the next one reads those blocks again.
/// </remarks>
internal sealed class DiskChanges
{
    private readonly DirtyBitmap since;
    private readonly DirtyBitmap fresh;
    private readonly DirtyBitmap? taken;
    private readonly string identity;
    private readonly IReadOnlyList<uint>? parts;
    private PointId? basePoint;
    private string? whyNotSince = "its writes have not been followed since a point";
    private string? freshGap;
    private string? lost;
    private int pointsTrusted;
    private bool isCut;

    public DiskChanges(TrackedDisk disk, BlockDevice device, int bitmapBytes)
    {
        Disk = disk;
        Device = device;
        Length = device.LengthNow();
        if (Length <= 0) throw new TrackingUnavailableException($"{disk.DevicePath} has no length");
        identity = device.IdentityNow();
        HasRequests = device.HasRequests;
        if (!HasRequests || device.JoinsDiscards) parts = device.PartsNow();
        since = new DirtyBitmap(Length, bitmapBytes);
        fresh = new DirtyBitmap(Length, bitmapBytes);
        // A device without requests tells when a write comes and not when it is done: each block counts in two takes that follow each other.
        taken = HasRequests ? null : new DirtyBitmap(Length, bitmapBytes);
    }

    public TrackedDisk Disk { get; }

    public BlockDevice Device { get; }

    public long Length { get; }

    public bool HasRequests { get; }

    /// <summary>The disk and its partitions, where events may name either.</summary>
    public IReadOnlyList<uint> Parts => parts ?? [Device.DiskDevice];

    /// <summary>Notes a write.</summary>
    public void Mark(ulong sector, uint sectors)
    {
        // Sectors count from the begin of the whole disk, whatever part the event names.
        var from = Math.Max(sector, Device.StartSector);
        var end = sector + sectors;
        // Requests without a place (flushes) carry the highest number there is.
        if (end > from && from - Device.StartSector <= (ulong)Length / 512) fresh.Mark((long)(from - Device.StartSector) * 512, (long)(end - from) * 512);
    }

    /// <summary>Writes may have been missed; the next take says why.</summary>
    public void AddGap(string reason) => freshGap ??= reason;

    /// <summary>Nothing will ever be known again.</summary>
    public void Lose(string reason) => lost ??= reason;

    /// <summary>Notes a gap when the device is no longer what it was.</summary>
    public void CheckDevice()
    {
        if (Device.IdentityNow() != identity) Lose($"{Disk.DevicePath} was resized, replaced or removed");
        else if (parts is not null && !Device.PartsNow().SequenceEqual(parts)) Lose($"the partitions of {Disk.DevicePath} were changed");
    }

    /// <summary>Why changes since a point are not known; null when they are.</summary>
    public string? WhyNotSince(PointId? point, int fullCompareEvery)
    {
        if ((lost ?? freshGap ?? whyNotSince) is { } why) return why;
        if (point is null) return "there is no point to compare with";
        if (point != basePoint) return $"its writes were followed since another point than {point.Value.Abbreviated}";
        return fullCompareEvery > 0 && pointsTrusted >= fullCompareEvery ? $"the tracker is checked after {pointsTrusted} points" : null;
    }

    /// <summary>Everything since the point that changes are known since; a capture begins.</summary>
    public RangeSet TakeAll()
    {
        Take();
        return since.ToRanges();
    }

    /// <summary>A full compare begins: what was missed before does not matter to it. Until its point is published nothing is known since any other.</summary>
    public void BeginAnew()
    {
        pointsTrusted = 0;
        whyNotSince ??= "a full compare was begun and not finished";
        Take();
    }

    /// <summary>What was written since the last take.</summary>
    /// <returns>What must be read again and what of it is new; the gap says why that may be incomplete, null when it is not.</returns>
    public (RangeSet Ranges, RangeSet New, string? Gap) Take()
    {
        var gap = lost ?? freshGap;
        whyNotSince ??= gap;
        freshGap = null;
        since.Add(fresh);
        var written = fresh.ToRanges();
        var ranges = written;
        if (taken is not null)
        {
            ranges = written.Union(taken.ToRanges());
            taken.Clear();
            taken.Add(fresh);
        }

        fresh.Clear();
        isCut = false;
        return (ranges, written, gap);
    }

    /// <summary>The last take was the point's instant.</summary>
    public void Cut() => isCut = true;

    /// <summary>The point of the last cut exists.</summary>
    public void Publish(PointId point)
    {
        if (!isCut) return;
        isCut = false;
        basePoint = point;
        whyNotSince = null;
        pointsTrusted++;
        since.Clear();
        if (taken is not null) since.Add(taken);
    }

    /// <summary>Why nothing will be known again; null while that is not so.</summary>
    public string? Lost => lost;

    /// <summary>Bytes that the next take gives.</summary>
    public long PendingBytes => fresh.Bytes + (taken?.Bytes ?? 0);
}
