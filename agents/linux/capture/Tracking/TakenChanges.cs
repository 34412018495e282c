using HyperBdr.Engine.Blocks;

namespace HyperBdr.Capture.Tracking;

/// <summary>What was written to a disk in a time.</summary>
/// <param name="Disk">The disk.</param>
/// <param name="Ranges">What must be read again.</param>
/// <param name="New">What was written since the take before.</param>
/// <param name="Gap">Why the ranges may be incomplete; null when they are not.</param>
internal sealed record TakenChanges(CaptureDisk Disk, RangeSet Ranges, RangeSet New, string? Gap);
