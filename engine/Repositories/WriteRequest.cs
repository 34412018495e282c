using HyperBdr.Engine.Points;
using HyperBdr.Engine.Sync;

namespace HyperBdr.Engine.Repositories;

/// <summary>What a write session is to make.</summary>
/// <param name="Host">What the machine is called, 1 to 200 characters.</param>
public sealed record WriteRequest(string Host)
{
    /// <summary>The point to compare with; null for a full read.</summary>
    public PointId? Parent { get; init; }

    /// <summary>How the machine is used.</summary>
    public SyncOptions Options { get; init; } = new();

    /// <summary>How the disks belong together.</summary>
    public Consistency Consistency { get; init; }

    /// <summary>Names and values of the operator's own; at most 32, each 1 to 200 characters.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}
