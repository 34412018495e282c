namespace HyperBdr.Engine.Maps;

/// <summary>Joins extents that a leaf's bound has cut.</summary>
internal static class MapRuns
{
    /// <summary>Appends an extent, or makes the last one longer when the new one continues it.</summary>
    public static void Add(List<MapExtent> runs, MapExtent next)
    {
        if (runs.Count > 0 && runs[^1] is var last && Continues(last, next)) runs[^1] = last with { Count = last.Count + next.Count };
        else runs.Add(next);
    }

    /// <summary>True when <paramref name="next"/> lies behind <paramref name="last"/> on the disk and in the chunk.</summary>
    public static bool Continues(MapExtent last, MapExtent next) =>
        last.End == next.Block && last.Chunk == next.Chunk && (last.IsHole || last.ChunkBlock + last.Count == next.ChunkBlock);
}
