using System.Runtime.InteropServices;
using HyperBdr.Engine.Packs;

namespace HyperBdr.Engine.Index;

/// <summary>The entries of a few index objects in memory, to be sorted and written as a segment.</summary>
internal sealed class SegmentRun
{
    private readonly List<SegmentEntry> entries = [];
    private readonly List<PackInfo> packs = [];
    private readonly List<string> objects = [];

    public int Count => entries.Count;

    public void Add(string name, IReadOnlyList<PackEntry> listed)
    {
        objects.Add(name);
        foreach (var pack in listed)
        {
            var offset = (uint)PackLayout.HeaderSize;
            for (var slot = 0; slot < pack.Blobs.Count; slot++)
            {
                var blob = pack.Blobs[slot];
                offset += PackLayout.BlobHeaderSize;
                entries.Add(new SegmentEntry(blob.Id, (uint)packs.Count, blob, offset, (uint)slot));
                offset += blob.SealedLength;
            }

            packs.Add(PackInfo.Of(pack));
        }
    }

    public IndexSegment Write(string folder, Guid repository)
    {
        var table = PackUnion.Sorted([.. packs]);
        var rows = packs.ConvertAll(pack => (uint)Array.BinarySearch(table, pack));
        var sorted = CollectionsMarshal.AsSpan(entries);
        foreach (ref var entry in sorted) entry = entry.WithPack(rows[(int)entry.Pack]);
        sorted.Sort();
        using var writer = new SegmentWriter(folder, repository);
        foreach (ref readonly var entry in sorted) writer.Add(entry);
        return writer.Finish(table, objects);
    }
}
