using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.Blocks;

/// <summary>What becomes of a file that exists already.</summary>
public enum ExistingFile
{
    /// <summary>Its content stays until it is written over, so that only differences need to be written.</summary>
    Keep,
    /// <summary>It is emptied first; every byte reads as zero then.</summary>
    Empty,
}

/// <summary>An image file that is written to, sparse where the file system can, readable by its owner only when new.</summary>
/// <remarks>One process at a time holds it (flock). Calls are synchronous system calls; safe for different ranges side by side.
/// As a source it reads what has been written so far.</remarks>
public sealed class FileTarget : IBlockTarget, IBlockSource
{
    private readonly SafeFileHandle _file;
    private readonly ExistingFile _existing;
    private readonly bool _created;
    private long _length;

    private FileTarget(string path, SafeFileHandle file, bool created, ExistingFile existing)
    {
        Name = path;
        _file = file;
        _created = created;
        _existing = existing;
        _length = RandomAccess.GetLength(file);
    }

    /// <inheritdoc cref="IBlockTarget.Name" />
    public string Name { get; }

    /// <inheritdoc />
    public long? Length => Volatile.Read(ref _length);

    /// <summary>Opens the file, or creates it for its owner only.</summary>
    /// <exception cref="EngineException"><see cref="Fault.TargetFailed"/>, or <see cref="Fault.Busy"/> when another process writes it.</exception>
    public static FileTarget Open(string path, ExistingFile existing)
    {
        try
        {
            var (file, created) = OpenOrCreate(path);
            if (Posix.TryLock(file)) return new FileTarget(path, file, created, existing);
            file.Dispose();
            throw new EngineException(Fault.Busy, path, "another process writes this file");
        }
        catch (PosixException e)
        {
            throw DiskFile.Failed(path, e);
        }
    }

    private static (SafeFileHandle File, bool Created) OpenOrCreate(string path)
    {
        try
        {
            return (Posix.OpenDisk(path, Posix.ReadWrite | Posix.Create | Posix.Exclusive), true);
        }
        catch (PosixException e) when (e.Number == Posix.Exists)
        {
            return (Posix.OpenDisk(path, Posix.ReadWrite), false);
        }
    }

    /// <inheritdoc />
    public ValueTask<bool> PrepareAsync(long length, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (length < 0) throw new EngineException(Fault.InvalidArgument, Name, $"a length of {length} bytes");
        try
        {
            if (_existing == ExistingFile.Empty) RandomAccess.SetLength(_file, 0);
            // What a file gains by being extended reads as zeros (POSIX ftruncate); what it had before is not known.
            var wasEmpty = RandomAccess.GetLength(_file) == 0;
            RandomAccess.SetLength(_file, length);
            Volatile.Write(ref _length, length);
            return new(wasEmpty);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            throw DiskFile.Failed(Name, e);
        }
    }

    /// <inheritdoc />
    public ValueTask WriteAsync(long offset, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        DiskFile.MustLieWithin(Name, offset, content.Length, _length);
        DiskFile.Write(_file, Name, offset, content.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask ZeroAsync(ByteRange range, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        DiskFile.MustLieWithin(Name, range.Offset, range.Length, _length);
        if (range.Length == 0) return ValueTask.CompletedTask;
        try
        {
            if (!Posix.TryPunch(_file, Name, range.Offset, range.Length) && !Posix.TryZeroRange(_file, Name, range.Offset, range.Length))
            {
                DiskFile.WriteZeros(_file, Name, range, ct);
            }
        }
        catch (PosixException e)
        {
            throw DiskFile.Failed($"{Name} at offset {range.Offset}", e);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask FlushAsync(CancellationToken ct)
    {
        try
        {
            Posix.Sync(_file, Name);
            // A new file is there after a crash only when its folder says so.
            if (_created) Posix.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(Name)) ?? "/");
        }
        catch (PosixException e)
        {
            throw DiskFile.Failed(Name, e);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    public ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct) => new(DiskFile.ReadWithin(_file, Name, offset, into.Span, _length, ct));

    /// <inheritdoc />
    public IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, CancellationToken ct) => DiskFile.ExtentsAsync(_file, Name, range, _length, ct);

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return ValueTask.CompletedTask;
    }
}
