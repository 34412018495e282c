namespace HyperBdr.Engine.Index;

/// <summary>A set of segments, kept open until this is disposed of, once.</summary>
internal readonly struct SegmentUse(SegmentSet set) : IDisposable
{
    public IndexSegment[] Segments => set.Segments;

    public void Dispose() => set.Exit();
}
