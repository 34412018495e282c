using System.Text;

namespace HyperBdr.LinuxAgent.Inventory;

/// <summary>One mounted file system.</summary>
/// <param name="Device">Major and minor number, <c>254:1</c>; of no device for file systems such as btrfs, whose <paramref name="Source"/> counts.</param>
internal sealed record Mount(string Device, string Source, string Point, string FileSystem);

/// <summary>The mounts of this machine that lie on block devices (/proc/self/mountinfo, proc(5)).</summary>
internal static class MountTable
{
    public static IReadOnlyList<Mount> Read() => Parse(SmallFile.Lines("/proc/self/mountinfo"));

    // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    public static IReadOnlyList<Mount> Parse(IEnumerable<string> lines)
    {
        var found = new List<Mount>();
        foreach (var line in lines)
        {
            var fields = line.Split(' ');
            var dash = Array.IndexOf(fields, "-");
            // A bind of a folder is no file system of its own.
            if (dash < 6 || fields.Length < dash + 3 || fields[3] != "/") continue;
            var source = Unescape(fields[dash + 2]);
            if (source.StartsWith("/dev/", StringComparison.Ordinal)) found.Add(new Mount(fields[2], source, Unescape(fields[4]), fields[dash + 1]));
        }

        // The first mount of a device is where it is worked on; later ones are binds.
        return [.. found.DistinctBy(m => m.Device.StartsWith("0:", StringComparison.Ordinal) ? m.Source : m.Device)];
    }

    /// <summary>Size, free and used bytes of a mounted file system; null when it does not answer.</summary>
    public static (long Total, long Available, long Used)? Space(string point)
    {
        try
        {
            var drive = new DriveInfo(point);
            return (drive.TotalSize, drive.AvailableFreeSpace, drive.TotalSize - drive.TotalFreeSpace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    // Blanks and the like stand as \040.
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal)) return text;
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                plain.Append((char)Convert.ToInt32(text.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }
}
