using System.Collections.Immutable;

namespace HyperBdr.Porter.Domain;

/// <summary>What the console decides for a machine; a change is a new value with the next revision.</summary>
public sealed record MachineSettings(long Revision, int CpuPercent, ImmutableArray<string> ExcludedDiskIds, ImmutableArray<SettingValue> Values)
{
    public const int MaxValues = 64;
    public const int MaxValueLength = 256;
    public const int MaxExcludedDisks = 256;
    public const int MaxDiskIdLength = 256;

    public static readonly MachineSettings Initial = new(1, 100, [], []);
}

/// <summary>A value by its key in the settings reference, e.g. <c>RetryCount</c>.</summary>
public sealed record SettingValue(string Name, string Value);
