using System.Globalization;
using HyperBdr.Engine;

namespace HyperBdr.Hbdr.Output;

/// <summary>Sizes and durations for people.</summary>
internal static class Size
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>For example <c>1.5 GiB</c>.</summary>
    public static string Text(long bytes)
    {
        var unit = 0;
        var value = (double)bytes;
        while (value >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return unit == 0 ? $"{bytes} B" : string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {Units[unit]}");
    }

    /// <summary>Reads <c>4096</c>, <c>64KiB</c>, <c>10 MiB</c>, <c>1G</c>: units of 1024.</summary>
    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    public static long Parse(string text, string what)
    {
        var digits = text.AsSpan().TrimEnd("BbiKkMmGgTt ");
        var unit = text[digits.Length..].Trim().ToUpperInvariant();
        var shift = unit switch { "" or "B" => 0, "K" or "KIB" => 10, "M" or "MIB" => 20, "G" or "GIB" => 30, "T" or "TIB" => 40, _ => -1 };
        if (shift >= 0 && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= long.MaxValue >> shift) return count << shift;
        throw new EngineException(Fault.InvalidArgument, what, $"'{text}' is no size such as 4096, 64KiB or 10MiB");
    }

    /// <summary>For example <c>0:42</c> or <c>3:07:00</c>.</summary>
    public static string Duration(TimeSpan time) =>
        time.TotalHours >= 1 ? $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}" : $"{time.Minutes}:{time.Seconds:00}";
}
