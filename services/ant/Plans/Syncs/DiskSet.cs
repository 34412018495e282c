using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Ant.Plans.Syncs;

/// <summary>How the disks of a host differ from those of its last point, and what that means for the next. Pure.</summary>
/// <param name="Shrunk">The sync must not go on without a full one that somebody asked for.</param>
/// <param name="Gone">They stay in the points that have them.</param>
/// <param name="News">For people, a sentence each.</param>
internal sealed record DiskSet(IReadOnlyList<HostDisk> Shrunk, IReadOnlyList<HostDisk> Gone, IReadOnlyList<string> News)
{
    public static DiskSet Compare(IReadOnlyList<HostDisk>? before, IReadOnlyList<HostDisk> now)
    {
        if (before is null) return new DiskSet([], [], []);
        var (shrunk, gone, news) = (new List<HostDisk>(), new List<HostDisk>(), new List<string>());
        foreach (var disk in now)
        {
            if (before.FirstOrDefault(d => d.Id == disk.Id) is not { } old)
            {
                news.Add($"The disk {disk.Device} is new: it is read in full.");
            }
            else if (disk.LengthBytes < old.LengthBytes)
            {
                shrunk.Add(disk);
                news.Add($"The disk {disk.Device} shrank from {Bytes.Text(old.LengthBytes)} to {Bytes.Text(disk.LengthBytes)}.");
            }
            else if (disk.LengthBytes > old.LengthBytes)
            {
                news.Add($"The disk {disk.Device} grew from {Bytes.Text(old.LengthBytes)} to {Bytes.Text(disk.LengthBytes)}: it is compared in full.");
            }
        }

        foreach (var old in before.Where(d => now.All(n => n.Id != d.Id)))
        {
            gone.Add(old);
            news.Add($"The disk {old.Device} is gone or left out: recovery points from before keep it.");
        }

        return new DiskSet(shrunk, gone, news);
    }

    /// <summary>Disks as they are kept with a host.</summary>
    public static List<HostDisk> Of(IEnumerable<Disk> disks) => [.. disks.Take(256).Select(d => new HostDisk(d.Id, d.Device, d.LengthBytes, d.Boot))];
}
