using System.Security.Cryptography;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;

namespace HyperBdr.Engine.Tests.Maps;

/// <summary>The block map as anyone would write it first: for each block its chunk (0 for a hole) and the block in that chunk.</summary>
internal sealed class NaiveDisk(long length)
{
    public long Length { get; } = length;

    public (int Chunk, int At)[] Cells { get; } = new (int, int)[(length + 4095) / 4096];

    public static ChunkId IdOf(int chunk) => chunk == 0 ? default : new(new Hash256(SHA256.HashData(BitConverter.GetBytes(chunk))));

    public void Fill(int first, int count, int chunk, int at)
    {
        for (var i = 0; i < count; i++) Cells[first + i] = chunk == 0 ? default : (chunk, at + i);
    }

    public bool Holds(MapExtent extent)
    {
        for (var i = 0; i < extent.Count; i++)
        {
            var (chunk, at) = Cells[extent.Block + i];
            if (IdOf(chunk) != extent.Chunk || (chunk != 0 && at != extent.ChunkBlock + i)) return false;
        }

        return true;
    }

    /// <summary>The longest runs of a range.</summary>
    public List<MapExtent> Extents(int first, int end)
    {
        var extents = new List<MapExtent>();
        for (var block = first; block < end;)
        {
            var (chunk, at) = Cells[block];
            var next = block + 1;
            while (next < end && Cells[next].Chunk == chunk && (chunk == 0 || Cells[next].At == at + next - block)) next++;
            extents.Add(new MapExtent(block, next - block, IdOf(chunk), at));
            block = next;
        }

        return extents;
    }

    public static List<BlockRange> Difference(NaiveDisk a, NaiveDisk b)
    {
        var ranges = new List<BlockRange>();
        for (var block = 0; block < Math.Max(a.Cells.Length, b.Cells.Length); block++)
        {
            var cellA = block < a.Cells.Length ? a.Cells[block] : default;
            var cellB = block < b.Cells.Length ? b.Cells[block] : default;
            if (cellA == cellB) continue;
            if (ranges.Count > 0 && ranges[^1].End == block) ranges[^1] = ranges[^1] with { Count = ranges[^1].Count + 1 };
            else ranges.Add(new BlockRange(block, 1));
        }

        return ranges;
    }
}
