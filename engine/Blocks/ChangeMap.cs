using System.Buffers.Text;

namespace HyperBdr.Engine.Blocks;

/// <summary>Reads a list of changed ranges from text: one <c>offset length</c> per line, in bytes, decimal; <c>#</c> begins a comment line.</summary>
/// <example><code>
/// # what the hypervisor reported
/// 0 65536
/// 1073741824 4096
/// </code></example>
public static class ChangeMap
{
    /// <summary>Lines, comments included, that one map may have.</summary>
    public const int MaxLines = 10_000_000;

    /// <summary>Bytes that one line may have.</summary>
    public const int MaxLineBytes = 4096;

    /// <summary>Reads to the end of the stream, in bounded memory but for the ranges themselves.</summary>
    /// <returns>Every block that one of the ranges touches; order and overlaps of the lines do not matter.</returns>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/>, whose message names the line.</exception>
    public static Task<RangeSet> ParseAsync(Stream text, string name, CancellationToken ct) => ParseAsync(text, name, MaxLines, ct);

    internal static async Task<RangeSet> ParseAsync(Stream text, string name, int maxLines, CancellationToken ct)
    {
        var builder = new RangeSet.Builder();
        var buffer = new byte[16 * MaxLineBytes];
        int filled = 0, lines = 0;
        while (true)
        {
            var count = await text.ReadAsync(buffer.AsMemory(filled), ct);
            filled += count;
            var used = 0;
            while (used < filled)
            {
                var end = buffer.AsSpan(used, filled - used).IndexOf((byte)'\n');
                if (end < 0 && count > 0 && filled - used <= MaxLineBytes) break;
                if (end < 0) end = filled - used;
                if (++lines > maxLines || end > MaxLineBytes) throw Invalid(name, lines, lines > maxLines ? "too many lines" : "the line is too long");
                AddLine(buffer.AsSpan(used, end), builder, name, lines);
                used = Math.Min(filled, used + end + 1);
            }

            buffer.AsSpan(used, filled - used).CopyTo(buffer);
            filled -= used;
            if (count == 0) return builder.Build();
        }
    }

    private static void AddLine(ReadOnlySpan<byte> line, RangeSet.Builder builder, string name, int number)
    {
        line = line.Trim(" \t\r"u8);
        if (line.IsEmpty || line[0] == '#') return;
        var gap = line.IndexOfAny(" \t"u8);
        if (gap < 0) throw Invalid(name, number, "an offset and a length are needed");
        var offset = Number(line[..gap], name, number);
        var length = Number(line[gap..].TrimStart(" \t"u8), name, number);
        if (length == 0) throw Invalid(name, number, "a length of 0");
        if (offset > long.MaxValue - Block.Size - length) throw Invalid(name, number, "the range ends beyond any disk");
        builder.AddTouched(new ByteRange(offset, length));
    }

    private static long Number(ReadOnlySpan<byte> text, string name, int number) =>
        // No sign, no spaces, nothing behind: the parser alone would take "+5" and "5 6".
        text.ContainsAnyExceptInRange((byte)'0', (byte)'9') || !Utf8Parser.TryParse(text, out long value, out var taken) || taken != text.Length
            ? throw Invalid(name, number, "not two decimal numbers")
            : value;

    private static EngineException Invalid(string name, int line, string why) => new(Fault.InvalidArgument, name, $"line {line}: {why}");
}
