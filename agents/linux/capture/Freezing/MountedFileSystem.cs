using System.Globalization;
using HyperBdr.Capture.Tracking;

namespace HyperBdr.Capture.Freezing;

/// <summary>A file system that is mounted and may be written.</summary>
/// <param name="MountPoint">One of the places that it is mounted at.</param>
/// <param name="Kind">As <c>ext4</c>.</param>
/// <param name="Devices">The block devices that it lies on.</param>
internal sealed record MountedFileSystem(string MountPoint, string Kind, IReadOnlyList<BlockDevice> Devices)
{
    private const int MaxNesting = 16;

    /// <summary>Every one that has a block device, each once.</summary>
    public static IReadOnlyList<MountedFileSystem> All()
    {
        var found = new Dictionary<string, MountedFileSystem>(StringComparer.Ordinal);
        foreach (var line in File.ReadLines("/proc/self/mountinfo"))
        {
            if (TryParse(line, out var number, out var system)) found.TryAdd(number, system);
        }

        return [.. found.Values];
    }

    /// <summary>Those whose writes go to one of the devices, the innermost first: in the order in which they can be frozen.</summary>
    /// <remarks>A file system in a file (a loop device) writes to the one that the file lies on, so it must be at rest before that one is.</remarks>
    public static IReadOnlyList<MountedFileSystem> On(IReadOnlyList<BlockDevice> devices)
    {
        var all = All();
        return [.. all.Select(s => (System: s, Path: s.Nesting(all))).Where(s => s.Path.Any(p => p.IsOn(devices))).OrderByDescending(s => s.Path.Count).Select(s => s.System)];
    }

    /// <summary>True when a path is on this file system.</summary>
    public bool Holds(string path) => Sys.DeviceOf(path) is { } device && device == Sys.DeviceOf(MountPoint);

    private bool IsOn(IReadOnlyList<BlockDevice> devices) => Devices.Any(own => devices.Any(own.LiesOn));

    // Itself, the file system that holds its backing file, and so on.
    private List<MountedFileSystem> Nesting(IReadOnlyList<MountedFileSystem> all)
    {
        var path = new List<MountedFileSystem> { this };
        while (path.Count < MaxNesting)
        {
            var file = path[^1].Devices.SelectMany(d => d.WithBelow()).Select(d => d.BackingFile).FirstOrDefault(f => f is not null);
            if (file is null || all.FirstOrDefault(s => s.Holds(file)) is not { } below || path.Contains(below)) break;
            path.Add(below);
        }

        return path;
    }

    // "36 35 98:0 /root /mnt\040point rw,noatime master:1 - ext4 /dev/sda1 rw,errors=continue"
    private static bool TryParse(string line, out string number, out MountedFileSystem system)
    {
        (number, system) = ("", null!);
        var halves = line.Split(" - ", 2);
        if (halves.Length != 2) return false;
        var (mount, source) = (halves[0].Split(' '), halves[1].Split(' '));
        if (mount.Length < 6 || source.Length < 3 || source[2].Split(',')[0] == "ro") return false;
        var devices = DevicesOf(mount[2], source[0], Unescape(source[1]));
        number = mount[2];
        system = new MountedFileSystem(Unescape(mount[4]), source[0], devices);
        // Another file system may be mounted over this place. (Subvolumes have numbers of their own.)
        return devices.Count > 0 && (source[0] == "btrfs" || Sys.DeviceOf(system.MountPoint) == number);
    }

    private static IReadOnlyList<BlockDevice> DevicesOf(string number, string kind, string source)
    {
        if (BlockDevice.ByNumber(number) is { } device) return [device];
        if (!source.StartsWith("/dev/", StringComparison.Ordinal) || !File.Exists(source)) return [];
        var named = BlockDevice.TryFind(source);
        if (named is null) return [];
        return kind == "btrfs" ? BtrfsDevices(named) : [named];
    }

    private static IReadOnlyList<BlockDevice> BtrfsDevices(BlockDevice one)
    {
        const string Systems = "/sys/fs/btrfs";
        if (!Directory.Exists(Systems)) return [one];
        foreach (var system in Directory.EnumerateDirectories(Systems))
        {
            var folder = Path.Combine(system, "devices");
            if (!Directory.Exists(Path.Combine(folder, one.KernelName))) continue;
            return [.. Directory.EnumerateFileSystemEntries(folder).Select(d => BlockDevice.TryOpen(Path.GetFileName(d)!)).OfType<BlockDevice>()];
        }

        return [one];
    }

    // Blanks and backslashes are written as "\040" and "\134".
    private static string Unescape(string text)
    {
        for (var at = text.IndexOf('\\', StringComparison.Ordinal); at >= 0 && at + 3 < text.Length; at = text.IndexOf('\\', at + 1))
        {
            var code = text.AsSpan(at + 1, 3);
            if (code.IndexOfAnyExceptInRange('0', '7') >= 0) continue;
            text = string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, at)}{(char)Convert.ToInt32(code.ToString(), 8)}{text.AsSpan(at + 4)}");
        }

        return text;
    }
}
