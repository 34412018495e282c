namespace HyperBdr.Engine.Stores;

/// <summary>The text that a listing's names begin with.</summary>
internal static class BlobPrefix
{
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>: no name can begin so.</exception>
    public static void Check(string prefix)
    {
        // With one more letter it must be a name; this also keeps ".." out of paths.
        if (!BlobName.IsValid(prefix + "x")) throw new EngineException(Fault.InvalidArgument, prefix, "no blob's name begins like this");
    }
}
