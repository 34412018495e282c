namespace HyperBdr.Exporter.Collectors;

/// <summary>Processors, memory, disks, file systems and network cards of this machine; names as the Prometheus node exporter has them.</summary>
internal sealed class MachineCollector(ProcFiles files)
{
    private const double TicksPerSecond = 100;
    private const int SectorBytes = 512;
    private static readonly string[] CpuModes = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
    private static readonly string[] RealFileSystems = ["ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "zfs", "f2fs", "overlay"];

    public void Write(MetricText text)
    {
        Cpu(text);
        Memory(text);
        Disks(text);
        FileSystems(text);
        Network(text);
    }

    private void Cpu(MetricText text)
    {
        foreach (var line in files.Fields("/proc/stat").Where(l => l[0].StartsWith("cpu", StringComparison.Ordinal) && l[0].Length > 3))
        {
            for (var i = 0; i < CpuModes.Length && i + 1 < line.Length; i++)
                text.Counter("node_cpu_seconds_total", "Seconds that each processor spent in each mode.", ProcFiles.Number(line[i + 1]) / TicksPerSecond, ("cpu", line[0][3..]), ("mode", CpuModes[i]));
        }

        foreach (var line in files.Fields("/proc/stat").Where(l => l[0] == "btime" && l.Length > 1)) text.Gauge("node_boot_time_seconds", "When the machine started, Unix seconds.", ProcFiles.Number(line[1]));
        if (files.Fields("/proc/loadavg").FirstOrDefault() is not { Length: >= 3 } load) return;
        text.Gauge("node_load1", "Load average of 1 minute.", ProcFiles.Number(load[0]));
        text.Gauge("node_load5", "Load average of 5 minutes.", ProcFiles.Number(load[1]));
        text.Gauge("node_load15", "Load average of 15 minutes.", ProcFiles.Number(load[2]));
    }

    private void Memory(MetricText text)
    {
        string[] wanted = ["MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapTotal", "SwapFree", "Dirty"];
        foreach (var line in files.Fields("/proc/meminfo").Where(l => l.Length > 1 && wanted.Contains(l[0].TrimEnd(':'))))
            text.Gauge($"node_memory_{line[0].TrimEnd(':')}_bytes", $"{line[0].TrimEnd(':')} of /proc/meminfo.", ProcFiles.Number(line[1]) * 1024);
    }

    private void Disks(MetricText text)
    {
        var disks = files.Fields("/proc/diskstats").Where(l => l.Length >= 14 && files.Exists($"/sys/block/{l[2].Replace('/', '!')}") && !l[2].StartsWith("ram", StringComparison.Ordinal) && (ProcFiles.Number(l[3]) > 0 || ProcFiles.Number(l[7]) > 0)).ToList();
        Each("node_disk_reads_completed_total", "Reads completed.", 3, 1);
        Each("node_disk_read_bytes_total", "Bytes read.", 5, SectorBytes);
        Each("node_disk_read_time_seconds_total", "Seconds of all reads together.", 6, 1e-3);
        Each("node_disk_writes_completed_total", "Writes completed.", 7, 1);
        Each("node_disk_written_bytes_total", "Bytes written.", 9, SectorBytes);
        Each("node_disk_write_time_seconds_total", "Seconds of all writes together.", 10, 1e-3);
        Each("node_disk_io_time_seconds_total", "Seconds in which something was under way.", 12, 1e-3);

        void Each(string name, string help, int field, double unit)
        {
            foreach (var disk in disks) text.Counter(name, help, ProcFiles.Number(disk[field]) * unit, ("device", disk[2]));
        }
    }

    private void FileSystems(MetricText text)
    {
        var mounts = files.Fields("/proc/self/mounts").Where(l => l.Length >= 3 && RealFileSystems.Contains(l[2]))
            .Select(l => (Device: l[0], Mount: l[1].Replace("\\040", " ", StringComparison.Ordinal), Kind: l[2])).GroupBy(m => m.Device.StartsWith("/dev/", StringComparison.Ordinal) ? m.Device : m.Mount)
            // Binds, and what hardening mounts again, are no file systems of their own: the shortest place counts.
            .Select(g => g.MinBy(m => m.Mount.Length)).Select(m => (m, Space: SpaceOf(m.Mount))).Where(m => m.Space is not null).ToList();
        foreach (var (m, space) in mounts) text.Gauge("node_filesystem_size_bytes", "Size of the file system.", space!.Value.Size, ("device", m.Device), ("fstype", m.Kind), ("mountpoint", m.Mount));
        foreach (var (m, space) in mounts) text.Gauge("node_filesystem_avail_bytes", "Bytes that programs can use.", space!.Value.Free, ("device", m.Device), ("fstype", m.Kind), ("mountpoint", m.Mount));
    }

    private static (long Size, long Free)? SpaceOf(string mount)
    {
        try
        {
            var drive = new DriveInfo(mount);
            return (drive.TotalSize, drive.AvailableFreeSpace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private void Network(MetricText text)
    {
        // "  eth0: 1 2 3 ...": 8 numbers received, then 8 sent. The colon may touch the first number.
        var cards = files.Fields("/proc/net/dev").Select(l => string.Join(' ', l).Replace(":", ": ", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(l => l.Length >= 17 && l[0].EndsWith(':') && l[0] != "lo:").ToList();
        Each("node_network_receive_bytes_total", "Bytes received.", 1);
        Each("node_network_receive_errs_total", "Errors on receiving.", 3);
        Each("node_network_receive_drop_total", "Packets dropped on receiving.", 4);
        Each("node_network_transmit_bytes_total", "Bytes sent.", 9);
        Each("node_network_transmit_errs_total", "Errors on sending.", 11);
        Each("node_network_transmit_drop_total", "Packets dropped on sending.", 12);

        void Each(string name, string help, int field)
        {
            foreach (var card in cards) text.Counter(name, help, ProcFiles.Number(card[field]), ("device", card[0].TrimEnd(':')));
        }
    }
}
