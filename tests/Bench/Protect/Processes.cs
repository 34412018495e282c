using System.Diagnostics;
using System.Globalization;

namespace HyperBdr.Bench.Protect;

/// <summary>What the kernel says of a running process and of the machine.</summary>
internal static class Processes
{
    private const double TicksPerSecond = 100;

    /// <summary>User and system seconds of the process and of the children that it waited for (proc(5), fields 14 to 17).</summary>
    public static double CpuSeconds(int pid)
    {
        var text = File.ReadAllText($"/proc/{pid}/stat");
        // The name may hold spaces and brackets; the fields begin behind its last bracket with the third.
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return fields[11..15].Sum(f => long.Parse(f, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>The most memory that was resident, in MiB.</summary>
    public static double PeakMebibytes(int pid) =>
        long.Parse(File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal))[6..^3].Trim(), CultureInfo.InvariantCulture) / 1024.0;

    /// <summary>Busy seconds of all processors, kernel threads included.</summary>
    public static double MachineSeconds()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..].Select(f => long.Parse(f, CultureInfo.InvariantCulture)).ToArray();
        return (fields[0] + fields[1] + fields[2] + fields[5] + fields[6]) / TicksPerSecond;
    }

    public static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
