using System.Globalization;
using System.Text;
using System.Xml;

namespace HyperBdr.Report.Domain;

/// <summary>What goes into a cell of a table that people open in a spreadsheet.</summary>
public static class Cells
{
    /// <summary>Longest text of an XLSX cell (ECMA-376, part 1, 18.18.93 and the common limit of spreadsheets).</summary>
    private const int Longest = 32_767;

    // Full-width forms included: spreadsheets of some languages take them for the plain ones.
    private const string Dangerous = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20";

    /// <summary>The text so that no spreadsheet takes it for a formula: a leading apostrophe, which spreadsheets take for "text follows".</summary>
    public static string Text(string text)
    {
        var clean = Clean(text);
        if (clean.Length > 0 && Dangerous.Contains(clean[0], StringComparison.Ordinal)) clean = "'" + clean;
        return clean.Length <= Longest ? clean : clean[..(Longest - 1)] + "…";
    }

    /// <summary>The time in the zone, with its offset: <c>2026-03-29 03:00:00.000000 +02:00</c>.</summary>
    public static string Time(DateTimeOffset time, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(time, zone).ToString("yyyy-MM-dd HH:mm:ss.ffffff zzz", CultureInfo.InvariantCulture);

    /// <summary>Without what XML cannot hold: controls and halves of surrogate pairs become U+FFFD.</summary>
    private static string Clean(string text)
    {
        if (text.All(c => XmlConvert.IsXmlChar(c) && c != '\ufffe')) return text;
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            clean.Append(rune.Utf16SequenceLength == 2 || XmlConvert.IsXmlChar((char)rune.Value) ? rune.ToString() : "\ufffd");
        return clean.ToString();
    }
}
