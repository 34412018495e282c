using System.Globalization;
using HyperBdr.Platforms.Model;

namespace HyperBdr.Platforms.Kvm;

/// <summary>What the host has, what its machines have, and whether one more fits.</summary>
internal static class HostLimits
{
    public static PlatformLimits Of(KvmSettings settings, IEnumerable<MachineRecord> machines)
    {
        var (total, available) = Memory();
        var on = machines.Where(m => m.Stage is MachineStage.On or MachineStage.Starting).Select(m => m.Request).ToList();
        var cpus = Environment.ProcessorCount * settings.CpuOvercommit;
        var memory = total - settings.MemoryReserveMib;
        var promised = memory - on.Sum(m => (long)m.MemoryMib + Confinement.OverheadMib);
        // A guest takes its memory only as it touches it: what is promised counts, and what the host has left counts too.
        var left = Math.Max(0, Math.Min(promised, available - settings.MemoryReserveMib));
        return new(cpus, Math.Max(0, cpus - on.Sum(m => m.Cpus)), memory, left, new DriveInfo(settings.Folder).AvailableFreeSpace);
    }

    /// <exception cref="PlatformException"><see cref="PlatformFault.CpusExceeded"/>, <see cref="PlatformFault.MemoryExceeded"/>, <see cref="PlatformFault.SpaceExceeded"/></exception>
    public static void Check(MachineRequest request, PlatformLimits limits, KvmSettings settings)
    {
        if (request.Cpus > limits.CpusFree)
            throw new PlatformException(PlatformFault.CpusExceeded, request.Name, $"needs {request.Cpus} processors, {limits.CpusFree} of {limits.Cpus} are free");
        if (request.MemoryMib + Confinement.OverheadMib > limits.MemoryFreeMib)
            throw new PlatformException(PlatformFault.MemoryExceeded, request.Name, $"needs {request.MemoryMib + Confinement.OverheadMib} MiB of memory, {limits.MemoryFreeMib} of {limits.MemoryMib} MiB are free");
        if (limits.SpaceFreeBytes < settings.SpaceReserveBytes)
            throw new PlatformException(PlatformFault.SpaceExceeded, request.Name, $"{settings.Folder} has {limits.SpaceFreeBytes >> 20} MiB free, {settings.SpaceReserveBytes >> 20} MiB are needed");
    }

    private static (long TotalMib, long AvailableMib) Memory()
    {
        // "MemTotal:       24689452 kB"
        var lines = File.ReadLines("/proc/meminfo").Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(l => l.Length >= 2).ToDictionary(l => l[0], l => l[1], StringComparer.Ordinal);
        return (Mib("MemTotal:"), Mib("MemAvailable:"));

        long Mib(string name) => long.Parse(lines[name], CultureInfo.InvariantCulture) / 1024;
    }
}
