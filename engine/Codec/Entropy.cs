namespace HyperBdr.Engine.Codec;

/// <summary>Tells compressed, encrypted and random data from the rest by a sample, before time is spent on it.</summary>
internal static class Entropy
{
    private const int Pieces = 8;
    private const int PieceBytes = 256;
    private const int Sample = Pieces * PieceBytes;

    // For n uniform bytes the sum of squared counts is near n + n*n/256 = 18,432; text and code are far above 40,000.
    private const int UniformLimit = 19_600;

    /// <summary>True when 2 KiB out of the data are spread over the byte values as evenly as random bytes are.</summary>
    public static bool LooksIncompressible(ReadOnlySpan<byte> data)
    {
        if (data.Length < 2 * Sample) return false;
        Span<ushort> counts = stackalloc ushort[256];
        counts.Clear();
        var step = data.Length / Pieces;
        for (var piece = 0; piece < Pieces; piece++)
        {
            foreach (var value in data.Slice(piece * step, PieceBytes)) counts[value]++;
        }

        var squares = 0;
        foreach (var count in counts) squares += count * count;
        return squares < UniformLimit;
    }
}
