using System.Security.Cryptography;
using HyperBdr.Agents.Machine;

namespace HyperBdr.LinuxAgent.Inventory;

/// <summary>What the machine says of itself beside its disks.</summary>
internal static class HostFacts
{
    public static Contracts.Porter.V1.Inventory Read(string? keptSerial)
    {
        var facts = new MachineFacts().Read();
        // A machine with neither board serial nor machine-id is known by a random value, once and for all.
        if (facts.HardwareSerial.Length == 0) facts.HardwareSerial = keptSerial is { Length: > 0 and <= 200 } ? keptSerial : "random-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        return facts;
    }

    /// <summary>What the kernel could give to programs without swapping; 0 when it does not say.</summary>
    public static long AvailableMemory()
    {
        // MemAvailable:   23456789 kB
        const string field = "MemAvailable:";
        var line = SmallFile.Lines("/proc/meminfo").FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal));
        return line is not null && long.TryParse(line.AsSpan(field.Length).Trim(" kB"), out var kib) ? kib * 1024 : 0;
    }
}
