using HyperBdr.Engine.IO;

namespace HyperBdr.Engine.Blocks;

/// <summary>Opens what a person names as a target: <c>-</c> (standard output), a block device, an image file, or a scheme that the program has taught.</summary>
public static class TargetUri
{
    /// <summary>Opens a target. What stat says decides between device and file; a path under <c>/dev</c> never becomes a new file.</summary>
    /// <param name="text"><c>-</c>, a path, or <c>scheme://…</c>.</param>
    /// <param name="existing">What becomes of a file that exists already.</param>
    /// <param name="schemes">Openers by scheme (<c>nbd</c>), for what lies outside of this layer.</param>
    /// <exception cref="EngineException"><see cref="Fault.NotFound"/>, <see cref="Fault.InvalidArgument"/>, <see cref="Fault.TargetFailed"/>, <see cref="Fault.Busy"/>.</exception>
    public static IBlockTarget Open(string text, ExistingFile existing, IReadOnlyDictionary<string, Func<Uri, IBlockTarget>>? schemes = null)
    {
        if (text == "-") return new StreamTarget(Console.OpenStandardOutput(), "standard output");
        if (DiskScheme.Of(text, schemes) is var (uri, open)) return open(uri);
        try
        {
            return Posix.KindOf(text) switch
            {
                FileKind.BlockDevice => DeviceTarget.Open(text),
                FileKind.Regular => FileTarget.Open(text, existing),
                // A mistyped device would fill the memory that holds /dev.
                FileKind.Missing when Path.GetFullPath(text).StartsWith("/dev/", StringComparison.Ordinal) =>
                    throw new EngineException(Fault.NotFound, text, "there is no such device"),
                FileKind.Missing => FileTarget.Open(text, existing),
                _ => throw new EngineException(Fault.InvalidArgument, text, "is neither a file nor a block device"),
            };
        }
        catch (PosixException e)
        {
            throw DiskFile.Failed(text, e);
        }
    }
}
