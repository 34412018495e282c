using System.Text;

namespace HyperBdr.Platforms.Kvm;

/// <summary>Reads lines of bounded length.</summary>
internal sealed class LineReader(Stream stream, int maxBytes)
{
    private byte[] buffer = new byte[4096];
    private int from;
    private int to;

    /// <summary>The next line without its end.</summary>
    /// <exception cref="IOException">The other side hung up, or its line is too long.</exception>
    public async Task<string> ReadAsync(CancellationToken ct)
    {
        var seen = from;
        while (true)
        {
            var end = buffer.AsSpan(seen, to - seen).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Encoding.UTF8.GetString(buffer, from, seen + end - from).TrimEnd('\r');
                from = seen + end + 1;
                return line;
            }

            seen = Compact();
            if (to == buffer.Length) Array.Resize(ref buffer, Math.Min(buffer.Length * 2, maxBytes));
            var read = to == maxBytes ? throw new InvalidDataException("a line is too long") : await stream.ReadAsync(buffer.AsMemory(to), ct);
            if (read == 0) throw new EndOfStreamException("the other side hung up");
            to += read;
        }
    }

    /// <returns>Where unseen bytes will begin.</returns>
    private int Compact()
    {
        buffer.AsSpan(from, to - from).CopyTo(buffer);
        (from, to) = (0, to - from);
        return to;
    }
}
