using System.Diagnostics.CodeAnalysis;

namespace HyperBdr.Engine.Blocks.Used;

/// <summary>Something on the disk is not understood for certain, so that all of it counts as used. Never leaves <see cref="UsedBlocks"/>.</summary>
internal sealed class DoubtException(string why) : Exception(why)
{
    public static void When([DoesNotReturnIf(true)] bool doubtful, string why)
    {
        if (doubtful) throw new DoubtException(why);
    }
}
