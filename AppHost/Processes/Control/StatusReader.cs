using System.Globalization;
using HyperBdr.AppHost.Processes.Supervision;
using HyperBdr.Contracts.Control;

namespace HyperBdr.AppHost.Processes.Control;

/// <summary>Describes the suite as it is now.</summary>
internal static class StatusReader
{
    /// <summary>USER_HZ, the unit of times in /proc, is 100 on every Linux that .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    public static SuiteStatus Read(Suite suite, string console)
    {
        var children = ChildrenByParent();
        return new(suite.Home.Root, suite.IsHealthy, console, suite.StartedAt, [.. suite.Order.Select(one => Read(one, children))]);
    }

    private static ServiceStatus Read(Supervised one, ILookup<int, int> children)
    {
        var (memory, cpu) = one.ProcessId is { } id ? Usage(id, children) : (0, 0);
        return new(one.Runnable.Name, one.Runnable.Command, one.State, one.ExitCode, one.ProcessId, one.StartedAt, one.Restarts, one.Runnable.Ports, memory, cpu, one.Problem);
    }

    /// <summary>Resident set of the process, and of its descendants what they do not share with it.</summary>
    private static (long MemoryBytes, double CpuSeconds) Usage(int processId, ILookup<int, int> children)
    {
        var memory = MemoryBytes(processId, "VmRSS:");
        var cpu = CpuSeconds(processId);
        var below = new Queue<int>(children[processId]);
        while (below.TryDequeue(out var child))
        {
            memory += MemoryBytes(child, "RssAnon:");
            cpu += CpuSeconds(child);
            foreach (var grandchild in children[child]) below.Enqueue(grandchild);
        }
        return (memory, cpu);
    }

    private static double CpuSeconds(int processId) =>
        ProcessIdentity.StatFields(processId) is { } fields
            ? (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond : 0;

    private static long MemoryBytes(int processId, string line)
    {
        try
        {
            // VmRSS:	   32668 kB
            var found = File.ReadLines($"/proc/{processId}/status").FirstOrDefault(one => one.StartsWith(line, StringComparison.Ordinal));
            return found is null ? 0 : long.Parse(found[line.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static ILookup<int, int> ChildrenByParent() =>
        Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0)
            .Select(id => (Id: id, Fields: ProcessIdentity.StatFields(id)))
            .Where(one => one.Fields is not null)
            .ToLookup(one => int.Parse(one.Fields![1], CultureInfo.InvariantCulture), one => one.Id);
}
