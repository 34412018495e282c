using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.Blocks;

/// <summary>An image file, read through the page cache straight into the caller's memory.</summary>
/// <remarks>The length is that at opening. Reads are synchronous system calls (fewest CPU cycles at 1 to 4 MiB each), so a caller that
/// must not block calls from a thread of its own. Safe for reads side by side. Holes are those that the file system reports.</remarks>
public sealed class FileSource : IBlockSource, ILengthVerified
{
    private readonly SafeFileHandle _file;
    private readonly long _length;

    private FileSource(string path, SafeFileHandle file)
    {
        Name = path;
        _file = file;
        _length = RandomAccess.GetLength(file);
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public long? Length => _length;

    /// <summary>Opens an image file that may be written by others meanwhile.</summary>
    /// <exception cref="EngineException"><see cref="Fault.NotFound"/> or <see cref="Fault.SourceUnreadable"/>.</exception>
    public static FileSource Open(string path)
    {
        try
        {
            return new FileSource(path, Posix.OpenDisk(path, 0));
        }
        catch (PosixException e)
        {
            throw SourceUri.Refused(path, e);
        }
    }

    /// <inheritdoc />
    public ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct) => new(DiskFile.ReadWithin(_file, Name, offset, into.Span, _length, ct));

    /// <inheritdoc />
    public IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, CancellationToken ct) => DiskFile.ExtentsAsync(_file, Name, range, _length, ct);

    /// <inheritdoc />
    public ValueTask VerifyLengthAsync(CancellationToken ct)
    {
        DiskFile.VerifyLength(Name, _length, RandomAccess.GetLength(_file));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return ValueTask.CompletedTask;
    }
}
