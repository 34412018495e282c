using HyperBdr.Capture.Tracking;
using HyperBdr.Engine;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Capture.Freezing;

/// <summary>A disk that is being captured.</summary>
internal sealed record OpenDisk(CaptureDisk Disk, BlockDevice Device, DeviceSource Source, RangeSet Swap) : IAsyncDisposable
{
    public long Length => Source.Length!.Value;

    /// <exception cref="EngineException">It cannot be opened.</exception>
    public static OpenDisk Open(CaptureDisk disk)
    {
        var source = DeviceSource.Open(disk.DevicePath);
        var device = BlockDevice.Find(disk.DevicePath);
        return new OpenDisk(disk, device, source, SwapAreas.On(device, source.Length!.Value));
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
