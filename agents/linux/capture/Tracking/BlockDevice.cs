using System.Globalization;

namespace HyperBdr.Capture.Tracking;

/// <summary>What sysfs says of a block device.</summary>
/// <param name="KernelName">As <c>sda</c> or <c>sda1</c>.</param>
/// <param name="Device">Major and minor number, packed as in trace events.</param>
/// <param name="Disk">Kernel name of the whole disk: itself, unless it is a partition.</param>
/// <param name="DiskDevice">The whole disk's number.</param>
/// <param name="StartSector">Where it begins on the whole disk.</param>
internal sealed record BlockDevice(string KernelName, uint Device, string Disk, uint DiskDevice, ulong StartSector)
{
    private const string Classes = "/sys/class/block";
    private const int SectorBytes = 512;

    /// <summary>True when its requests have a queue; false for md, dm and the like, which hand each write on as it comes.</summary>
    public bool HasRequests => Directory.Exists(Path.Combine(Classes, Disk, "mq"));

    /// <summary>True when the driver joins discards that lie apart into one request, which then tells only of the first.</summary>
    public bool JoinsDiscards => Number(Disk, "queue/max_discard_segments") > 1 && Number(Disk, "queue/discard_max_bytes") > 0;

    /// <summary>Looks a device up by its path.</summary>
    /// <exception cref="TrackingUnavailableException">It is no block device.</exception>
    public static BlockDevice Find(string path) => TryFind(path) ?? throw new TrackingUnavailableException($"{path} is no block device that sysfs knows");

    /// <summary>Looks a device up by its path; null when it is none.</summary>
    public static BlockDevice? TryFind(string path)
    {
        if (!File.Exists(path)) return null;
        var target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        // "/dev/cciss/c0d0" is "cciss!c0d0" in sysfs.
        var name = target.StartsWith("/dev/", StringComparison.Ordinal) ? target["/dev/".Length..].Replace('/', '!') : Path.GetFileName(target);
        return TryOpen(name);
    }

    /// <summary>Looks a device up by its number, as <c>8:1</c>; null when there is none.</summary>
    public static BlockDevice? ByNumber(string number)
    {
        var link = new DirectoryInfo($"/sys/dev/block/{number}");
        return link.Exists && link.ResolveLinkTarget(returnFinalTarget: true) is { } target ? TryOpen(target.Name) : null;
    }

    /// <summary>Looks a device up by its kernel name.</summary>
    public static BlockDevice? TryOpen(string name)
    {
        if (Text(name, "dev") is not { } number) return null;
        var isPartition = Text(name, "partition") is not null;
        var disk = isPartition ? new DirectoryInfo(Path.Combine(Classes, name)).ResolveLinkTarget(returnFinalTarget: true)!.FullName.Split('/')[^2] : name;
        if (Text(disk, "dev") is not { } diskNumber) return null;
        return new BlockDevice(name, Pack(number), disk, Pack(diskNumber), isPartition ? (ulong)Number(name, "start") : 0);
    }

    /// <summary>Bytes now; -1 when the device is gone.</summary>
    public long LengthNow() => Number(KernelName, "size") is var sectors and >= 0 ? sectors * SectorBytes : -1;

    /// <summary>What must stay the same for the device to be the same: its size, its place, and the number that a new medium gets.</summary>
    public string IdentityNow() => $"{LengthNow()} {Number(KernelName, "start")} {Text(Disk, "diskseq")} {Text(KernelName, "dev")}";

    /// <summary>The whole disk and its partitions as they are now.</summary>
    public IReadOnlyList<uint> PartsNow()
    {
        var parts = new List<uint> { DiskDevice };
        foreach (var part in Directory.EnumerateDirectories(Path.Combine(Classes, Disk), $"{Disk}*"))
        {
            if (Text(Path.GetFileName(part), "dev") is { } number) parts.Add(Pack(number));
        }

        return [.. parts.Order()];
    }

    /// <summary>This device and all that it lies on.</summary>
    public IEnumerable<BlockDevice> WithBelow()
    {
        yield return this;
        var below = Path.Combine(Classes, KernelName, "slaves");
        if (!Directory.Exists(below)) yield break;
        foreach (var entry in Directory.EnumerateFileSystemEntries(below))
        {
            if (TryOpen(Path.GetFileName(entry)) is not { } device) continue;
            foreach (var one in device.WithBelow()) yield return one;
        }
    }

    /// <summary>True when what is written to this device goes, wholly or in part, to the other.</summary>
    public bool LiesOn(BlockDevice other) => WithBelow().Any(d => d.KernelName == other.KernelName || d.Disk == other.KernelName);

    /// <summary>The file behind a loop device; null for any other.</summary>
    public string? BackingFile => Text(Disk, "loop/backing_file");

    // "8:1" as the kernel packs it inside: 12 bits of major above 20 bits of minor.
    private static uint Pack(string number)
    {
        var parts = number.Split(':');
        return (uint.Parse(parts[0], CultureInfo.InvariantCulture) << 20) | uint.Parse(parts[1], CultureInfo.InvariantCulture);
    }

    private static long Number(string name, string attribute) => long.TryParse(Text(name, attribute), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : -1;

    private static string? Text(string name, string attribute)
    {
        try
        {
            return File.ReadAllText(Path.Combine(Classes, name, attribute)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
