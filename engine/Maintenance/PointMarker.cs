using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Maps;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Repositories;

namespace HyperBdr.Engine.Maintenance;

/// <summary>Marks what points need. A subtree that several points share is walked once: its root's mark tells.</summary>
internal sealed class PointMarker(Repository repository, MarkSet marks, CollectProgress progress)
{
    private const int MostReported = 1000;
    private readonly List<Finding> missing = [];
    private string current = "";

    /// <param name="points">The points.</param>
    /// <param name="report">Gives what is missing instead of failing.</param>
    /// <param name="ct">Cancels.</param>
    /// <exception cref="EngineException"><see cref="Fault.MissingData"/>, <see cref="Fault.Corrupt"/></exception>
    public async Task<IReadOnlyList<Finding>> RunAsync(IReadOnlyList<PointEntry> points, bool report, CancellationToken ct)
    {
        var nodes = new NodeReader(repository.Fetcher);
        foreach (var point in points)
        {
            current = point.Name;
            foreach (var disk in point.Point!.Disks)
            {
                if (report) await MapWalk.VisitAsync(nodes, disk.Map, Enter, Chunk, (_, e) => Add(e.Subject, e.Message), ct);
                else await MapWalk.VisitAsync(nodes, disk.Map, Enter, Chunk, ct);
            }

            progress.AddPoint();
        }

        return missing.Count == 0 || report ? missing : throw new EngineException(Fault.MissingData, missing[0].Subject, missing[0].Message);
    }

    private bool Enter(ChunkId node)
    {
        if (TryMark(node)) return true;
        // A node that the index lacks is entered, so that its load says what is wrong.
        return !marks.Contains(node);
    }

    private void Chunk(ChunkId chunk)
    {
        if (!TryMark(chunk) && !marks.Contains(chunk)) Add($"chunk {chunk}", $"is in no pack of the repository and needed by {current}");
    }

    private bool TryMark(ChunkId id)
    {
        if (!marks.Mark(id)) return false;
        progress.AddMarked();
        return true;
    }

    private void Add(string subject, string message)
    {
        if (missing.Count < MostReported) missing.Add(new Finding(Fault.MissingData, subject, message));
    }
}
