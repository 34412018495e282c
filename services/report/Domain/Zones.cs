using System.Text.RegularExpressions;

namespace HyperBdr.Report.Domain;

/// <summary>Time zones by their IANA names.</summary>
public static partial class Zones
{
    public const string Default = "UTC";

    /// <summary>Null when there is no zone of this name.</summary>
    public static TimeZoneInfo? Find(string name)
    {
        // The runtime looks a name up as a path below the zone folder; only real names get there.
        if (!Name().IsMatch(name)) return null;
        return TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_+-]{0,40}(/[A-Za-z][A-Za-z0-9_+-]{0,40}){0,2}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();
}
