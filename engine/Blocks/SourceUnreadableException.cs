namespace HyperBdr.Engine.Blocks;

/// <summary>A place of a source that its medium does not give back (<see cref="Fault.SourceUnreadable"/>).</summary>
/// <remarks>What was asked for before <see cref="Range"/> has been read into the caller's memory and is right; the caller may read on after it.</remarks>
/// <param name="name">The source.</param>
/// <param name="range">The smallest range known to be unreadable.</param>
/// <param name="inner">The error of the system.</param>
public sealed class SourceUnreadableException(string name, ByteRange range, Exception? inner = null)
    : EngineException(Fault.SourceUnreadable, $"{name} at offset {range.Offset}", $"{range.Length} bytes cannot be read", inner)
{
    /// <summary>The smallest range known to be unreadable.</summary>
    public ByteRange Range { get; } = range;
}
