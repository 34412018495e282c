namespace HyperBdr.Engine.Maps;

/// <summary>The part of a leaf, or of a hole in the place of nodes, that lies in a range.</summary>
/// <param name="Start">First block of the leaf or hole.</param>
/// <param name="First">First block of the part.</param>
/// <param name="End">The block after the part's last.</param>
/// <param name="Leaf">Null for a hole.</param>
internal readonly record struct LoadedPiece(long Start, long First, long End, LeafNode? Leaf)
{
    /// <summary>What the part consists of, in order.</summary>
    public IEnumerable<Stretch> Stretches()
    {
        if (Leaf is null)
        {
            yield return Stretch.Hole(First, End);
            yield break;
        }

        for (var run = Leaf.RunAt((int)(First - Start)); run < Leaf.Runs.Length && Start + Leaf.Runs[run].Start < End; run++)
            yield return Leaf.Cut(run, Start, First, End);
    }
}
