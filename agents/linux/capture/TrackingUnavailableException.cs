namespace HyperBdr.Capture;

/// <summary>This machine does not let its writes be followed; points are full compares.</summary>
public sealed class TrackingUnavailableException(string reason, Exception? inner = null) : Exception(reason, inner);
