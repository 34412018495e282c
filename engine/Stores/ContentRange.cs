using System.Globalization;

namespace HyperBdr.Engine.Stores;

/// <summary><c>Content-Range: bytes 5-9/100</c> (RFC 9110, 14.4).</summary>
internal readonly record struct ContentRange(long From, long To, long Total)
{
    public static bool TryParse(string? text, out ContentRange range)
    {
        range = default;
        const string Unit = "bytes ";
        if (text is null || !text.StartsWith(Unit, StringComparison.Ordinal)) return false;
        var parts = text[Unit.Length..].Split('-', '/');
        if (parts.Length != 3 || !Number(parts[0], out var from) || !Number(parts[1], out var to) || !Number(parts[2], out var total)) return false;
        range = new ContentRange(from, to, total);
        return from <= to && to < total;
    }

    private static bool Number(string text, out long value) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
