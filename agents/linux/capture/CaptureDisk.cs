namespace HyperBdr.Capture;

/// <summary>A disk that goes into the recovery point.</summary>
/// <param name="Name">Its name in recovery points, the one it is tracked by.</param>
/// <param name="DevicePath">The block device.</param>
public sealed record CaptureDisk(string Name, string DevicePath);
