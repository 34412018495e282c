using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Points;

namespace HyperBdr.Engine.Maintenance;

/// <summary>One thing in a repository that is not as it should be.</summary>
/// <param name="Fault">What is wrong; <see cref="FaultCodes.Code"/> gives the stable code.</param>
/// <param name="Subject">The object: a blob name, a pack with a place in it, a map node.</param>
/// <param name="Message">For people.</param>
public sealed record Finding(Fault Fault, string Subject, string Message)
{
    /// <summary>The stable code, for scripts.</summary>
    public string Code => Fault.Code();

    internal static Finding Of(EngineException e) => new(e.Fault, e.Subject, e.Message);
}

/// <summary>Where a disk of a recovery point cannot be restored.</summary>
/// <param name="Point">The point.</param>
/// <param name="Host">Whose it is.</param>
/// <param name="Disk">The disk's name.</param>
/// <param name="Ranges">Bytes that are lost: ascending, not adjoining; at most <see cref="MaxRanges"/>, then the last reaches to the end of the damage.</param>
/// <param name="LostBytes">Bytes that are lost in all.</param>
public sealed record DiskDamage(PointId Point, string Host, string Disk, IReadOnlyList<ByteRange> Ranges, long LostBytes)
{
    /// <summary>Ranges that are told apart.</summary>
    public const int MaxRanges = 10_000;
}

/// <summary>Findings with an upper limit, so that a store that lost everything does not fill the memory. Safe for calls side by side.</summary>
internal sealed class FindingList
{
    private const int Most = 10_000;
    private readonly Lock gate = new();
    private readonly List<Finding> findings = [];
    private long left;

    public void Add(Finding finding)
    {
        lock (gate)
        {
            if (findings.Count < Most) findings.Add(finding);
            else left++;
        }
    }

    public void Add(EngineException e) => Add(Finding.Of(e));

    /// <summary>In the order of objects, so that two runs can be compared.</summary>
    public (IReadOnlyList<Finding> Kept, long Left) Take()
    {
        lock (gate) return ([.. findings.OrderBy(f => f.Subject, StringComparer.Ordinal).ThenBy(f => f.Message, StringComparer.Ordinal)], left);
    }
}
