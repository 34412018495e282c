using System.Globalization;
using HyperBdr.Engine;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Hbdr.Output;

namespace HyperBdr.Hbdr.Commands.Maintenance;

/// <summary>What is wrong with a repository, as reports show it.</summary>
internal static class DamageFacts
{
    private const int MostFindings = 100;

    public static ErrorFields Fields(Finding finding) => new(finding.Code, finding.Subject, finding.Message.ReplaceLineEndings(" "));

    public static DamageFields Fields(DiskDamage damage) =>
        new(damage.Point.ToString(), damage.Host, damage.Disk, damage.LostBytes, [.. damage.Ranges.Select(r => new RangeFields(r.Offset, r.Length))]);

    public static VerifyDocument Document(VerifyResult result, TimeSpan took) => new(
        result.Level.ToString().ToLowerInvariant(), result.IsWhole, result.Points, result.Packs, result.Blobs, result.UnindexedPacks,
        [.. result.Findings.Select(Fields)], result.FindingsLeftOut, [.. result.Damage.Select(Fields)], took.TotalSeconds);

    /// <summary>Exit code for what was found: a store that does not answer is not known to be damaged, and a void point harms nothing.</summary>
    public static int ExitCode(IEnumerable<Finding> findings, bool isDamaged) => isDamaged ? ExitCodes.Damaged : findings
        .Where(f => f.Fault != Fault.SessionOutlived)
        .Select(f => f.Fault is Fault.StoreUnavailable or Fault.StoreRefused or Fault.StoreFailed ? ExitCodes.Store : ExitCodes.Damaged)
        .DefaultIfEmpty(ExitCodes.Done).Max();

    /// <summary>A line for each finding, and how many there are that are not shown.</summary>
    public static void Write(TextWriter to, IReadOnlyList<Finding> findings, long leftOut)
    {
        foreach (var finding in findings.Take(MostFindings)) to.WriteLine($"{finding.Code}  {finding.Subject}: {finding.Message.ReplaceLineEndings(" ")}");
        var more = Math.Max(0, findings.Count - MostFindings) + leftOut;
        if (more > 0) to.WriteLine($"… and {more} more; --json lists up to 10,000");
    }

    /// <summary>A row for each disk of a point that cannot be restored whole.</summary>
    public static void Write(TextWriter to, IReadOnlyList<DiskDamage> damage)
    {
        if (damage.Count > 0) TextTable.Write(to, ["POINT", "HOST", "DISK", "LOST", "RANGES", "FIRST AT"], [.. damage.Select(Row)], 3, 4, 5);
    }

    private static IReadOnlyList<string> Row(DiskDamage damage) =>
    [
        damage.Point.Abbreviated, damage.Host, damage.Disk, Size.Text(damage.LostBytes), damage.Ranges.Count.ToString(CultureInfo.InvariantCulture),
        damage.Ranges.Count == 0 ? "-" : damage.Ranges[0].Offset.ToString(CultureInfo.InvariantCulture),
    ];
}
