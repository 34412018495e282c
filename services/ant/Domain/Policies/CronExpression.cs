using HyperBdr.Contracts.Errors;
using NodaTime;

namespace HyperBdr.Ant.Domain.Policies;

/// <summary>Five blank-separated fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday); <c>*</c> <c>,</c> <c>-</c> <c>/</c> and nothing else.</summary>
/// <remarks>
/// A step counts from the field's minimum (or from the range's begin): <c>*/31</c> in minutes is 0 and 31. When both day fields are
/// restricted, a day counts if either matches. Immutable.
/// </remarks>
public sealed class CronExpression
{
    public const int MaxLength = 128;
    private const int YearsAhead = 8;

    public static readonly Error Invalid = new(ErrorKind.Validation, "policy.cron_invalid", "The crontab expression is not valid.");
    public static readonly Error Never = new(ErrorKind.Validation, "policy.cron_never", "The crontab expression has no execution time within 8 years.");

    private static readonly (string Name, int Min, int Max)[] Fields = [("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7)];

    private readonly ulong[] allowed;
    private readonly bool anyDayOfMonth;
    private readonly bool anyDayOfWeek;

    private CronExpression(string text, ulong[] allowed, string[] fields)
    {
        Text = text;
        this.allowed = allowed;
        (anyDayOfMonth, anyDayOfWeek) = (fields[2] == "*", fields[4] == "*");
        IsFixedTime = !fields[0].AsSpan().ContainsAny('*', '/') && !fields[1].AsSpan().ContainsAny('*', '/');
        Times = [.. Values(1).SelectMany(h => Values(0).Select(m => new LocalTime(h, m)))];
    }

    public string Text { get; }

    /// <summary>Minute and hour are listed, not stepped: such a tick is one wall time, also where the clock jumps or repeats.</summary>
    public bool IsFixedTime { get; }

    /// <summary>Times of a matching day, in order.</summary>
    public IReadOnlyList<LocalTime> Times { get; }

    public static Result<CronExpression> Parse(string text)
    {
        if (text.Length > MaxLength) return Fault($"it is longer than {MaxLength} characters");
        var fields = text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != Fields.Length) return Fault($"it has {fields.Length} fields instead of five");
        var bits = new ulong[Fields.Length];
        for (var i = 0; i < fields.Length; i++)
        {
            if (ParseField(fields[i], Fields[i].Min, Fields[i].Max, out bits[i]) is { } fault) return Fault($"{Fields[i].Name}: {fault}");
        }

        // 7 is Sunday too.
        if ((bits[4] & (1UL << 7)) != 0) bits[4] = (bits[4] | 1) & ~(1UL << 7);
        return new CronExpression(text.Trim(), bits, fields);
    }

    /// <summary>Whether ticks fall on this day.</summary>
    public bool Matches(LocalDate day)
    {
        if (!Has(3, day.Month)) return false;
        var (ofMonth, ofWeek) = (Has(2, day.Day), Has(4, (int)day.DayOfWeek % 7));
        return anyDayOfMonth ? anyDayOfWeek || ofWeek : anyDayOfWeek ? ofMonth : ofMonth || ofWeek;
    }

    /// <summary>Whether some day from <paramref name="first"/> on matches before the horizon.</summary>
    public bool EverMatches(LocalDate first)
    {
        var end = first.PlusYears(YearsAhead);
        for (var day = first; day <= end; day = day.PlusDays(1))
        {
            if (Matches(day)) return true;
        }

        return false;
    }

    private bool Has(int field, int value) => (allowed[field] & (1UL << value)) != 0;

    private IEnumerable<int> Values(int field) => Enumerable.Range(0, 64).Where(v => Has(field, v));

    private static string? ParseField(string field, int min, int max, out ulong bits)
    {
        bits = 0;
        foreach (var part in field.Split(','))
        {
            var (range, step) = part.Split('/') switch
            {
                [var all] => (all, 1),
                [var some, var by] when Number(by) is >= 1 and var n && n <= max => (some, n),
                _ => ("", 0),
            };
            if (step == 0) return $"'{part}' has no valid step";
            if (Range(range, min, max) is not { } r) return $"'{part}' is not a value or range from {min} to {max}";
            if (step > 1 && r.Single) return $"'{part}' steps without a range";
            for (var value = r.From; value <= r.To; value += step) bits |= 1UL << value;
        }

        return null;
    }

    private static (int From, int To, bool Single)? Range(string text, int min, int max)
    {
        if (text == "*") return (min, max, false);
        var ends = text.Split('-');
        var numbers = ends.Select(Number).ToArray();
        if (ends.Length > 2 || numbers.Any(n => n < min || n > max)) return null;
        return numbers[0] <= numbers[^1] ? (numbers[0], numbers[^1], ends.Length == 1) : null;
    }

    /// <returns>-1 for anything but one to three digits.</returns>
    private static int Number(string text) => text.Length is >= 1 and <= 3 && text.All(char.IsAsciiDigit) ? int.Parse(text) : -1;

    private static Error Fault(string why) => Invalid with { Message = $"The crontab expression is not valid: {why}." };
}
