using System.Buffers;
using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.Stores;

/// <summary>Compares a file with memory through a bounded buffer.</summary>
internal static class FileContent
{
    private const int BufferSize = 1 << 20;

    /// <summary>True when the file begins with exactly these bytes.</summary>
    public static bool Equals(SafeFileHandle file, ReadOnlySpan<byte> expected, string path)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Clamp(expected.Length, 1, BufferSize));
        try
        {
            for (var done = 0; done < expected.Length;)
            {
                var part = expected[done..Math.Min(expected.Length, done + buffer.Length)];
                var read = Posix.ReadFully(file, buffer.AsSpan(0, part.Length), done, path);
                if (!buffer.AsSpan(0, read).SequenceEqual(part)) return false;
                done += read;
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
