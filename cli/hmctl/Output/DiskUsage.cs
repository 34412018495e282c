using System.Globalization;

namespace HyperBdr.Hmctl.Output;

/// <summary>A folder's files together.</summary>
public sealed record FolderSize(string Path, long Bytes)
{
    public static FolderSize Of(string path)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        long bytes = 0;
        if (Directory.Exists(path))
            foreach (var file in new DirectoryInfo(path).EnumerateFiles("*", options))
                bytes += LengthOf(file);
        return new(path, bytes);
    }

    /// <summary>Files of a running suite come and go.</summary>
    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}

/// <summary>The partition that holds a folder, as df(1) shows it.</summary>
public sealed record Partition(string Filesystem, long SizeBytes, long UsedBytes, long AvailableBytes, int UsedPercent, string MountedOn)
{
    public static Partition Of(string folder)
    {
        var existing = folder;
        while (!Directory.Exists(existing)) existing = Path.GetDirectoryName(existing) ?? "/";
        // /dev/vda1 /var/lib ext4 rw,relatime 0 0
        var mount = File.ReadLines("/proc/mounts").Select(line => line.Split(' '))
            .Where(fields => fields[1] == "/" || existing == fields[1] || existing.StartsWith(fields[1] + "/", StringComparison.Ordinal))
            .MaxBy(fields => fields[1].Length) ?? ["-", "/"];
        var drive = new DriveInfo(mount[1]);
        var used = drive.TotalSize - drive.TotalFreeSpace;
        var usable = used + drive.AvailableFreeSpace;
        return new(mount[0], drive.TotalSize, used, drive.AvailableFreeSpace, usable == 0 ? 0 : (int)Math.Ceiling(100.0 * used / usable), mount[1]);
    }
}

/// <summary>Sizes as du -h and df -h write them.</summary>
public static class Human
{
    public static string Size(long bytes)
    {
        string[] units = ["B", "K", "M", "G", "T", "P"];
        var (value, unit) = ((double)bytes, 0);
        while (value >= 1024 && unit < units.Length - 1) (value, unit) = (value / 1024, unit + 1);
        return unit == 0 ? $"{bytes}B" : value.ToString(value < 10 ? "0.0" : "0", CultureInfo.InvariantCulture) + units[unit];
    }
}
