using HyperBdr.Engine.IO;

namespace HyperBdr.Engine.Blocks;

/// <summary>Opens what a person names as a source: <c>-</c> (standard input), a block device, an image file, or a scheme that the program has taught.</summary>
public static class SourceUri
{
    /// <summary>Opens a source. What stat says decides between device and file, not the path.</summary>
    /// <param name="text"><c>-</c>, a path, or <c>scheme://…</c>.</param>
    /// <param name="schemes">Openers by scheme (<c>nbd</c>), for what lies outside of this layer.</param>
    /// <exception cref="EngineException"><see cref="Fault.NotFound"/>, <see cref="Fault.InvalidArgument"/>, <see cref="Fault.SourceUnreadable"/>.</exception>
    public static IBlockSource Open(string text, IReadOnlyDictionary<string, Func<Uri, IBlockSource>>? schemes = null)
    {
        if (text == "-") return new StreamSource(Console.OpenStandardInput(), "standard input");
        if (DiskScheme.Of(text, schemes) is var (uri, open)) return open(uri);
        try
        {
            return Posix.KindOf(text) switch
            {
                FileKind.Regular => FileSource.Open(text),
                FileKind.BlockDevice => DeviceSource.Open(text),
                FileKind.Missing => throw new EngineException(Fault.NotFound, text, "there is no such file or device"),
                _ => throw new EngineException(Fault.InvalidArgument, text, "is neither a file nor a block device"),
            };
        }
        catch (PosixException e)
        {
            throw Refused(text, e);
        }
    }

    internal static EngineException Refused(string path, PosixException e) =>
        new(e.Number is Posix.NoEntry or Posix.NotADirectory ? Fault.NotFound : Fault.SourceUnreadable, path, e.Message, e);
}
