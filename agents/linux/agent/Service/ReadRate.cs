using System.Globalization;
using HyperBdr.Engine.IO;
using HyperBdr.Engine.Sync;
using HyperBdr.LinuxAgent.Inventory;

namespace HyperBdr.LinuxAgent.Service;

/// <summary>The local administrator's limit of what is read from disks; kept over restarts, in force at once.</summary>
internal sealed class ReadRate
{
    private readonly string path;

    public ReadRate(string path, TimeProvider time)
    {
        (this.path, Limit) = (path, new ReadLimit(time));
        Set(int.TryParse(SmallFile.Read(path), NumberStyles.None, CultureInfo.InvariantCulture, out var kept) ? kept : 0);
    }

    /// <summary>What each sync obeys.</summary>
    public ReadLimit Limit { get; }

    /// <summary>0 for no limit.</summary>
    public int MegabytesPerSecond
    {
        get => (int)(Limit.BytesPerSecond / 1_000_000);
        set
        {
            DurableFiles.Write(path, value.ToString(CultureInfo.InvariantCulture));
            Set(value);
        }
    }

    private void Set(int megabytes) => Limit.BytesPerSecond = megabytes * 1_000_000L;
}
