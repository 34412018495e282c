namespace HyperBdr.EngineFaults.Tests;

/// <summary>How many runs a test makes: few in every build, many with <c>LONG=1</c>.</summary>
internal static class Scale
{
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("LONG") == "1";

    public static int Runs(int always, int whenLong) => IsLong ? whenLong : always;
}
