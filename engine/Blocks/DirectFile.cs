using System.Collections.Concurrent;
using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.Blocks;

/// <summary>One block device, opened past the page cache where it allows that, and through it as well.</summary>
/// <remarks>The kernel keeps both in step: a direct read first writes back what the cache holds, a direct write drops it from the cache.</remarks>
internal sealed class DirectFile : IDisposable
{
    private const int BounceSize = 1 << 20;
    private const int BouncesKept = 8;
    private readonly ConcurrentBag<Memory<byte>> _bounces = [];
    private readonly SafeFileHandle _buffered;
    private readonly SafeFileHandle? _direct;
    private readonly string _name;
    private readonly int _sector;

    /// <param name="flags">Access mode; exclusive or not.</param>
    public DirectFile(string path, int flags)
    {
        _name = path;
        _direct = TryOpenDirect(path, flags);
        try
        {
            // The claim of the first open holds for the second, which may not claim again.
            _buffered = Posix.OpenDisk(path, _direct is null ? flags : flags & ~Posix.Exclusive);
            _sector = Posix.SectorSize(_buffered, path);
            Length = Posix.DeviceSize(_buffered, path);
        }
        catch (PosixException)
        {
            Dispose();
            throw;
        }
    }

    public long Length { get; }

    public SafeFileHandle Buffered => _buffered;

    public long LengthNow() => Posix.DeviceSize(_buffered, _name);

    public unsafe void Read(long offset, Span<byte> into)
    {
        fixed (byte* begin = into)
        {
            if (_direct is null || !IsAligned(offset) || !IsAligned(into.Length)) DiskFile.ReadExactly(_buffered, _name, offset, into);
            else if (IsAligned((long)begin)) ReadDirect(_direct, offset, into);
            else ReadThroughBounce(_direct, offset, into);
        }
    }

    public unsafe void Write(long offset, ReadOnlySpan<byte> content)
    {
        fixed (byte* begin = content)
        {
            // A tail shorter than a sector goes through the cache, which reads, changes and writes the sector.
            if (_direct is null || !IsAligned(offset) || !IsAligned(content.Length)) DiskFile.Write(_buffered, _name, offset, content);
            else if (IsAligned((long)begin)) DiskFile.Write(_direct, _name, offset, content);
            else WriteThroughBounce(_direct, offset, content);
        }
    }

    public void Sync() => Posix.Sync(_buffered, _name);

    public void Dispose()
    {
        _direct?.Dispose();
        // Null when the constructor failed before it was open.
        _buffered?.Dispose();
    }

    private static SafeFileHandle? TryOpenDirect(string path, int flags)
    {
        try
        {
            return Posix.OpenDisk(path, flags | Posix.Direct);
        }
        catch (PosixException e) when (e.Number is Posix.Invalid or Posix.NotSupported)
        {
            return null;
        }
    }

    private void ReadDirect(SafeFileHandle direct, long offset, Span<byte> into)
    {
        try
        {
            DiskFile.ReadExactly(direct, _name, offset, into);
        }
        catch (SourceUnreadableException e) when (e.InnerException?.HResult == Posix.Invalid)
        {
            // Some drivers want a stricter alignment than their sector size says.
            DiskFile.ReadExactly(_buffered, _name, offset, into);
        }
    }

    private bool IsAligned(long value) => value % _sector == 0;

    private void ReadThroughBounce(SafeFileHandle direct, long offset, Span<byte> into)
    {
        var bounce = Rent();
        try
        {
            for (var done = 0; done < into.Length;)
            {
                var length = Math.Min(BounceSize, into.Length - done);
                ReadDirect(direct, offset + done, bounce.Span[..length]);
                bounce.Span[..length].CopyTo(into[done..]);
                done += length;
            }
        }
        finally
        {
            Return(bounce);
        }
    }

    private void WriteThroughBounce(SafeFileHandle direct, long offset, ReadOnlySpan<byte> content)
    {
        var bounce = Rent();
        try
        {
            for (var done = 0; done < content.Length;)
            {
                var length = Math.Min(BounceSize, content.Length - done);
                content.Slice(done, length).CopyTo(bounce.Span);
                DiskFile.Write(direct, _name, offset + done, bounce.Span[..length]);
                done += length;
            }
        }
        finally
        {
            Return(bounce);
        }
    }

    private Memory<byte> Rent() => _bounces.TryTake(out var bounce) ? bounce : AlignedMemory.Allocate(BounceSize);

    private void Return(Memory<byte> bounce)
    {
        if (_bounces.Count < BouncesKept) _bounces.Add(bounce);
    }
}
