namespace HyperBdr.Contracts.Retention;

/// <summary>Why rules cannot be saved with a quota.</summary>
/// <param name="Code">Stable.</param>
/// <param name="Message">One sentence for people.</param>
public sealed record RetentionProblem(string Code, string Message);

/// <summary>What a policy's rules can hold at most, and whether its quota leaves room for it.</summary>
public static class RetentionBudget
{
    public const int MaxQuota = 128;
    public const int MaxRules = 8;
    private const int MaxNumber = 128;

    /// <summary>Null when the rules may be saved with this quota.</summary>
    public static RetentionProblem? Check(int quota, IReadOnlyCollection<SequenceRule> rules)
    {
        if (quota is < 1 or > MaxQuota) return new RetentionProblem("setting.out_of_range", $"The quota must be 1 to {MaxQuota}.");
        if (rules.Count > MaxRules) return new RetentionProblem("setting.out_of_range", $"A policy has at most {MaxRules} retention rules.");
        if (rules.Any(r => r.Ordinal is < 1 or > MaxNumber || r.Keep is < 1 or > MaxNumber || !Enum.IsDefined(r.Period) || !Enum.IsDefined(r.Unit)))
            return new RetentionProblem("setting.out_of_range", $"Numbers of a retention rule must be 1 to {MaxNumber}.");
        if (rules.DistinctBy(r => (r.Period, r.Ordinal)).Count() < rules.Count) return new RetentionProblem("retention_duplicate", "Two retention rules name the same point of the same period.");
        var worst = rules.Sum(WorstCase);
        return worst <= quota - 1
            ? null
            : new RetentionProblem("retention_exceeds_quota", $"The retention rules can hold {worst} points at a time, and the quota of {quota} leaves room for {quota - 1}.");
    }

    /// <summary>Points that one rule can hold at the same moment.</summary>
    public static int WorstCase(SequenceRule rule) => Periods(rule) + (rule.Period is CalendarUnit.Month or CalendarUnit.Year && rule.Unit == rule.Period ? 0 : 1);

    /// <summary>Periods that begin while one point is kept, at most.</summary>
    private static int Periods(SequenceRule rule)
    {
        if (Months(rule.Period) is > 0 and var period && Months(rule.Unit) is > 0 and var unit) return Quotient(rule.Keep * unit, period);
        return Quotient(LongestDays(rule.Keep, rule.Unit), ShortestDays(rule.Period));
    }

    private static int Quotient(int of, int by) => (of + by - 1) / by;

    private static int Months(CalendarUnit unit) => unit switch
    {
        CalendarUnit.Month => 1,
        CalendarUnit.Year => 12,
        _ => 0,
    };

    private static int LongestDays(int count, CalendarUnit unit) => unit switch
    {
        CalendarUnit.Day => count,
        CalendarUnit.Week => count * 7,
        // 31 days each, but no twelve months are longer than a leap year.
        CalendarUnit.Month => Math.Min(count * 31, Quotient(count, 12) * 366),
        _ => count * 366,
    };

    private static int ShortestDays(CalendarUnit unit) => unit switch
    {
        CalendarUnit.Day => 1,
        CalendarUnit.Week => 7,
        CalendarUnit.Month => 28,
        _ => 365,
    };
}
