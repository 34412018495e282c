namespace HyperBdr.LinuxAgent.Inventory;

/// <summary>A disk as the kernel lists it.</summary>
/// <param name="Name">Below /sys/block, e.g. <c>vda</c>.</param>
/// <param name="Folder">Of sysfs.</param>
internal sealed record BlockDevice(string Name, string Number, long Length, string Folder)
{
    public string Path => "/dev/" + Name.Replace('!', '/');
}

/// <summary>A partition as the kernel lists it.</summary>
internal sealed record BlockPartition(string Name, string Number, long Offset, long Length)
{
    public string Path => "/dev/" + Name.Replace('!', '/');
}

/// <summary>The kernel's own list of disks and partitions (/sys/block), with who stands on whom.</summary>
internal static class BlockDevices
{
    private const string Root = "/sys/block";

    /// <summary>What no disk of a machine is: volumes on disks (LVM, md), the kernel's own devices, and those with media to be taken out.</summary>
    private static readonly string[] NoDisks = ["loop", "ram", "zram", "sr", "fd", "dm-", "md", "nbd"];

    /// <param name="only">Device paths that are taken instead of what the machine has; empty for all.</param>
    /// <param name="root">Where the kernel lists them.</param>
    public static IReadOnlyList<BlockDevice> Disks(IReadOnlyList<string> only, string root = Root)
    {
        var all = Names(root).Select(n => Of(n, $"{root}/{n}")).Where(d => d.Length > 0).ToList();
        if (only.Count > 0) return [.. all.Where(d => only.Contains(d.Path))];
        // Each path of a multipath disk is a disk to the kernel. Writes go down any of them, so only the device above them sees all.
        return [.. all.Where(d => IsMultipath(d.Folder) || (IsDisk(d) && !Names(d.Folder + "/holders").Any(h => IsMultipath($"{root}/{h}"))))];
    }

    public static IReadOnlyList<BlockPartition> Partitions(BlockDevice disk) =>
        [.. Names(disk.Folder).Where(n => File.Exists($"{disk.Folder}/{n}/partition")).Select(n => PartitionOf($"{disk.Folder}/{n}", n)).OrderBy(p => p.Offset)];

    /// <summary>The disks that a device stands on, through partitions, device mapper and md.</summary>
    public static IReadOnlySet<string> DisksBelow(string number)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        if (ResolvedFolder($"/sys/dev/block/{number}") is { } folder) Descend(folder, found, depth: 0);
        return found;
    }

    private static bool IsDisk(BlockDevice device) => Directory.Exists(device.Folder + "/device") && !NoDisks.Any(n => device.Name.StartsWith(n, StringComparison.Ordinal));

    // dm/uuid is e.g. "mpath-3600508b400105e210000900000490000"; a partition on it is a device of its own, "part1-mpath-...".
    private static bool IsMultipath(string folder) => SmallFile.Read(folder + "/dm/uuid") is { } id && id.StartsWith("mpath-", StringComparison.Ordinal);

    private static void Descend(string folder, HashSet<string> found, int depth)
    {
        var below = Names(folder + "/slaves").ToList();
        if (below.Count == 0 || IsMultipath(folder))
        {
            found.Add(Path.GetFileName(File.Exists(folder + "/partition") ? Path.GetDirectoryName(folder)! : folder));
            return;
        }

        // Stacks of devices are a few high; a ring is impossible, but the kernel's files are not ours.
        if (depth > 16) return;
        foreach (var name in below)
        {
            if (ResolvedFolder($"{folder}/slaves/{name}") is { } next) Descend(next, found, depth + 1);
        }
    }

    private static BlockDevice Of(string name, string folder) => new(name, SmallFile.Read(folder + "/dev") ?? "", SmallFile.Number(folder + "/size") * 512, folder);

    private static BlockPartition PartitionOf(string folder, string name) =>
        new(name, SmallFile.Read(folder + "/dev") ?? "", SmallFile.Number(folder + "/start") * 512, SmallFile.Number(folder + "/size") * 512);

    private static string? ResolvedFolder(string path)
    {
        try
        {
            return Directory.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? (Directory.Exists(path) ? path : null);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static IEnumerable<string> Names(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
