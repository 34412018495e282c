namespace HyperBdr.Capture;

/// <summary>A disk whose writes are followed.</summary>
/// <param name="Name">The disk's name in recovery points.</param>
/// <param name="DevicePath">The block device: a whole disk or a partition.</param>
public sealed record TrackedDisk(string Name, string DevicePath);
