using System.Globalization;
using System.Text.RegularExpressions;

namespace HyperBdr.Bench.Link;

/// <summary>Porter's histogram of the time from a machine's clock at the beat's making until porter has counted it as a sign of life.</summary>
internal sealed partial class BeatDelay
{
    private readonly SortedDictionary<double, double> upTo;

    private BeatDelay(SortedDictionary<double, double> upTo) => this.upTo = upTo;

    public double Count => upTo.Count == 0 ? 0 : upTo.Values.Last();

    public static async Task<BeatDelay> NowAsync(Uri porter)
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri(porter, "/metrics"));
        var counts = new SortedDictionary<double, double>();
        foreach (Match line in LinePattern().Matches(text))
            counts[line.Groups["le"].Value == "+Inf" ? double.PositiveInfinity : double.Parse(line.Groups["le"].Value, CultureInfo.InvariantCulture)] = double.Parse(line.Groups["count"].Value, CultureInfo.InvariantCulture);
        return new BeatDelay(counts);
    }

    public BeatDelay Since(BeatDelay earlier) =>
        new(new SortedDictionary<double, double>(upTo.ToDictionary(b => b.Key, b => b.Value - earlier.upTo.GetValueOrDefault(b.Key))));

    /// <summary>The upper end of the class in which this share of the beats lies.</summary>
    public double AtMost(double share) => upTo.First(b => b.Value >= share * Count).Key;

    [GeneratedRegex("""^hyperbdr_link_beat_delay\w*_bucket\{.*le="(?<le>[^"]+)".*\} (?<count>\S+)""", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LinePattern();
}
