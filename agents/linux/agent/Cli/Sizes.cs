using System.Globalization;

namespace HyperBdr.LinuxAgent.Cli;

/// <summary>Sizes as df -h shows them.</summary>
internal static class Sizes
{
    private static readonly string[] Units = ["", "K", "M", "G", "T", "P"];

    public static string Short(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1000 && unit < Units.Length - 1; unit++) value /= 1024;
        return value.ToString(value < 10 && unit > 0 ? "0.0" : "0", CultureInfo.InvariantCulture) + Units[unit];
    }
}
