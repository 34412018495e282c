namespace HyperBdr.Ant.Domain.Policies;

/// <summary>How many points retention rules can hold at most. Pure.</summary>
internal static class RetentionBudget
{
    /// <summary>Whether the rules can never take the place of the next point.</summary>
    public static bool Fits(IEnumerable<RetentionForm> rules, int quota) => WorstCase(rules) <= quota - 1;

    public static int WorstCase(IEnumerable<RetentionForm> rules) => rules.Sum(WorstCase);

    /// <summary>Calendar months and years are exact; of days and weeks one more can be kept than fit, by where the periods begin.</summary>
    public static int WorstCase(RetentionForm rule) => rule switch
    {
        { Period: Period.Month, Unit: Period.Month } or { Period: Period.Year, Unit: Period.Year } => rule.Keep,
        { Period: Period.Month, Unit: Period.Year } => rule.Keep * 12,
        _ => (int)Math.Ceiling(LongestDays(rule.Unit, rule.Keep) / ShortestDays(rule.Period)) + 1,
    };

    private static double LongestDays(Period unit, int keep) => unit switch
    {
        Period.Day => keep,
        Period.Week => keep * 7d,
        // 31 days each, but no twelve months are longer than a leap year.
        Period.Month => Math.Min(keep * 31d, Math.Ceiling(keep / 12d) * 366),
        _ => keep * 366d,
    };

    private static double ShortestDays(Period period) => period switch
    {
        Period.Day => 1,
        Period.Week => 7,
        Period.Month => 28,
        _ => 365,
    };
}
