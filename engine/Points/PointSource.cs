using System.Runtime.CompilerServices;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Maps;

namespace HyperBdr.Engine.Points;

/// <summary>A disk as of a recovery point: its blocks are fetched when they are read. Safe for calls side by side.</summary>
public sealed class PointSource : IBlockSource
{
    private readonly MapReader map;
    private readonly PointReader reader;

    internal PointSource(string name, MapReader map, PointReader reader)
    {
        Name = name;
        this.map = map;
        this.reader = reader;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long? Length => map.Root.Length;

    /// <inheritdoc/>
    /// <exception cref="EngineException">As <see cref="Packs.PackFetcher"/>: the fault says what is damaged, missing or out of reach.</exception>
    public async ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
    {
        if (offset % Block.Size != 0 || into.Length % Block.Size != 0) throw new ArgumentException($"{offset}+{into.Length} is not on block bounds", nameof(offset));
        var length = (int)Math.Clamp(map.Root.Length - offset, 0, into.Length);
        if (length == 0) return 0;
        var extents = new List<MapExtent>();
        await foreach (var extent in map.ExtentsAsync(offset / Block.Size, Block.CountFor(length), ct)) MapRuns.Add(extents, extent);
        await reader.ReadAsync(extents, into, ct);
        return length;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [EnumeratorCancellation] CancellationToken ct)
    {
        var end = Math.Min(range.End, map.Root.Length);
        if (end <= range.Offset) yield break;
        Extent? open = null;
        await foreach (var run in map.ExtentsAsync(range.Offset / Block.Size, Block.CountFor(end) - (range.Offset / Block.Size), ct))
        {
            var from = Math.Max(range.Offset, run.Block * Block.Size);
            var next = new Extent(from, Math.Min(end, run.End * Block.Size) - from, !run.IsHole);
            if (open is { } last && last.IsData == next.IsData)
            {
                open = last with { Length = last.Length + next.Length };
                continue;
            }

            if (open is { } done) yield return done;
            open = next;
        }

        if (open is { } rest) yield return rest;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
