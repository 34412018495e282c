using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Points;

/// <summary>SHA-256 of a recovery point's stored manifest, which is also the manifest's name.</summary>
public readonly record struct PointId(Hash256 Value)
{
    /// <summary>The first ten hexadecimal digits, for people.</summary>
    public string Abbreviated => ToString()[..10];

    /// <summary>From 64 hexadecimal digits; null for anything else.</summary>
    public static PointId? TryParse(string text) =>
        text.Length == 2 * Hash256.Size && text.All(char.IsAsciiHexDigitLower) ? new PointId(new Hash256(Convert.FromHexString(text))) : null;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}
