using System.Buffers.Binary;
using System.Globalization;

namespace HyperBdr.Capture.Tracking;

/// <summary>The form of the kernel's ring buffer pages, by <c>events/header_page</c>.</summary>
/// <param name="Commit">Offset of the number of bytes in use and its flags.</param>
/// <param name="Data">Offset of the first record.</param>
/// <param name="Bytes">Bytes of a page.</param>
/// <remarks>Records begin with 5 bits of kind and 27 bits of time (Documentation/trace/ring-buffer-design.rst, include/linux/ring_buffer.h).</remarks>
internal sealed record RingPage(int Commit, int Data, int Bytes)
{
    private const uint LengthBits = 0x3FFF_FFFF, Missed = 1u << 31;
    private const int Padding = 29, TimeExtend = 30, TimeStamp = 31;

    /// <summary>Takes the bytes of one event.</summary>
    /// <returns>False: it is not what it should be.</returns>
    public delegate bool Visitor(ReadOnlySpan<byte> record);

    /// <summary>Reads <c>header_page</c>.</summary>
    /// <exception cref="TrackingUnavailableException">It has another form than is known.</exception>
    public static RingPage Parse(string text)
    {
        int commit = -1, data = -1, size = -1;
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries))
        {
            var numbers = line.Split(';', StringSplitOptions.TrimEntries).Where(p => p.Contains(':', StringComparison.Ordinal)).ToArray();
            if (numbers.Length < 3) continue;
            var name = numbers[0].Split(' ')[^1];
            if (name == "commit") commit = Number(numbers[1]);
            if (name == "data") (data, size) = (Number(numbers[1]), Number(numbers[2]));
        }

        var isKnown = commit is >= 8 and < 64 && data > commit && data < 64 && size is >= 512 and <= 1024 * 1024 && BitConverter.IsLittleEndian;
        return isKnown ? new RingPage(commit, data, data + size) : throw new TrackingUnavailableException("the kernel's trace pages have another form than is known");
    }

    /// <summary>Gives every event of a page.</summary>
    /// <returns>Null when all is well; else why events are missing or cannot be read.</returns>
    public string? Visit(ReadOnlySpan<byte> page, Visitor visitor)
    {
        if (page.Length < Data) return "a trace page was cut short";
        var commit = BinaryPrimitives.ReadUInt32LittleEndian(page[Commit..]);
        if ((commit & Missed) != 0) return "the kernel dropped events";
        var length = (int)(commit & LengthBits);
        if (length > page.Length - Data) return "a trace page is longer than it can be";
        var rest = page.Slice(Data, length);
        while (rest.Length >= 4)
        {
            var head = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            var kind = (int)(head & 31);
            if (kind == Padding && head >> 5 == 0) return null;
            if (!TryMeasure(rest, kind, out var begin, out var end)) return "a trace record is longer than its page";
            if (kind < Padding && !visitor(rest[begin..end])) return "a trace record cannot be read";
            rest = rest[end..];
        }

        return null;
    }

    private static bool TryMeasure(ReadOnlySpan<byte> rest, int kind, out int begin, out int end)
    {
        begin = 4;
        end = 8;
        if (kind is > 0 and < Padding) end = 4 + (kind * 4);
        if (kind is 0 or Padding)
        {
            // The length follows, and counts itself.
            if (rest.Length < 8) return false;
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            if (length < 4 || length > (uint)rest.Length) return false;
            begin = 8;
            end = 4 + (int)length;
        }

        return end <= rest.Length && begin <= end && kind <= TimeStamp && (kind != TimeExtend || end == 8);
    }

    private static int Number(string part) =>
        int.TryParse(part.AsSpan(part.IndexOf(':', StringComparison.Ordinal) + 1).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : -1;
}
