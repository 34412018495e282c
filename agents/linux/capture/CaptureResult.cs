using HyperBdr.Engine.Points;

namespace HyperBdr.Capture;

/// <summary>What was captured, and how good it is.</summary>
/// <param name="Consistency">What the point may call itself; the session knows it already.</param>
/// <param name="IsOneInstant">All disks are as they were at one moment. False: blocks are of the time when each was read.</param>
/// <param name="FreezeWindow">From the first freeze to the last thaw; null when nothing was frozen.</param>
/// <param name="Rounds">Copies of changes before the freeze.</param>
/// <param name="FinalBytes">Bytes read in the window.</param>
/// <param name="Disks">Each disk.</param>
/// <param name="Warnings">What an operator should know.</param>
public sealed record CaptureResult(
    Consistency Consistency,
    bool IsOneInstant,
    TimeSpan? FreezeWindow,
    int Rounds,
    long FinalBytes,
    IReadOnlyList<CapturedDisk> Disks,
    IReadOnlyList<CaptureWarning> Warnings);

/// <summary>One disk of the result.</summary>
/// <param name="Name">Its name.</param>
/// <param name="LengthBytes">Its size.</param>
/// <param name="WhyFullCompare">Why every block was read; null when only changes were.</param>
public sealed record CapturedDisk(string Name, long LengthBytes, string? WhyFullCompare);

/// <summary>Something that made the point less than it could be.</summary>
/// <param name="Code">Stable.</param>
/// <param name="Message">For people.</param>
public sealed record CaptureWarning(string Code, string Message);
