using System.Globalization;
using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms.Kvm;

/// <summary>What a machine may take of the host: a control group of its own where there is one, else politeness.</summary>
internal sealed class Confinement(string? parent)
{
    /// <summary>QEMU's own memory beside the guest's.</summary>
    public const int OverheadMib = 160;

    private const long CpuPeriod = 100_000;
    private const int MaxTasks = 512;

    /// <summary>The group exists as a version 2 group and may be written.</summary>
    private readonly string? groups = parent is not null && File.Exists(Path.Combine(parent, "cgroup.controllers")) ? parent : null;

    /// <summary>The arguments before a program that confine it.</summary>
    public List<string> Before(MachineRequest request)
    {
        List<string> arguments = [];
        if (GroupOf(request.Id) is { } group)
        {
            Directory.CreateDirectory(group);
            Limit(group, "memory.max", (request.MemoryMib + OverheadMib) * 1024L * 1024);
            Limit(group, "pids.max", MaxTasks);
            TryWrite(group, "cpu.max", string.Create(CultureInfo.InvariantCulture, $"{request.Cpus * CpuPeriod} {CpuPeriod}"));
            // The shell joins the group and becomes the program: nothing of it runs outside.
            arguments.AddRange(["sh", "-c", "echo 0 >\"$0\" && exec \"$@\"", Path.Combine(group, "cgroup.procs")]);
        }

        // When memory ends, drills go before the gateway's own services.
        if (request.Priority == Priority.Low) arguments.AddRange(["choom", "-n", "500", "--", "nice", "-n", "10"]);
        return arguments;
    }

    /// <summary>After the machine's processes are gone.</summary>
    public void Remove(Guid machine)
    {
        if (GroupOf(machine) is { } group && Directory.Exists(group)) Directory.Delete(group);
    }

    private string? GroupOf(Guid machine) => groups is null ? null : Path.Combine(groups, $"hbdr-{machine:n}");

    private static void Limit(string group, string name, long value) => TryWrite(group, name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A controller that the host does not hand down has no file.</summary>
    private static void TryWrite(string group, string name, string value)
    {
        if (File.Exists(Path.Combine(group, name))) File.WriteAllText(Path.Combine(group, name), value);
    }
}
