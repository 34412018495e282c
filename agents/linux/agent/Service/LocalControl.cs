using HyperBdr.Agents.Link;
using HyperBdr.LinuxAgent.Control;
using HyperBdr.LinuxAgent.Inventory;
using HyperBdr.LinuxAgent.Layout;
using HyperBdr.LinuxAgent.Settings;
using HyperBdr.LinuxAgent.State;
using HyperBdr.LinuxAgent.Syncs;

namespace HyperBdr.LinuxAgent.Service;

/// <summary>Answers the local command line from what the running agent knows.</summary>
internal sealed class LocalControl(AgentPaths paths, AgentSettingsStore settings, MachineInventory machine, SyncSlot slot, StateCache cache, ReadRate rate, Func<LinkState?> link) : IAgentControl
{
    public ReadRateDocument ReadRate
    {
        get => new(rate.MegabytesPerSecond);
        set => rate.MegabytesPerSecond = value.MegabytesPerSecond;
    }

    public StatusDocument Status()
    {
        var state = link();
        var isProtected = SmallFile.Read(paths.ProtectType) is { Length: > 0 } kind && kind != "none";
        return new StatusDocument(AgentVersion.Text, File.Exists(paths.Registered), isProtected, state?.Heartbeats ?? 0, state?.Connected == true, slot.CurrentId);
    }

    public DevicesDocument Devices()
    {
        var states = cache.DiskStates();
        var excluded = settings.ExcludedDiskIds.ToHashSet(StringComparer.Ordinal);
        var rows = new List<DeviceDocument>();
        foreach (var disk in machine.Disks(excluded.Contains))
        {
            rows.Add(new DeviceDocument(disk.Device, disk.LengthBytes, "disk", disk.Id, disk.Excluded, states.GetValueOrDefault(disk.Id, "-")));
            rows.AddRange(disk.Volumes.Where(v => v.Device != disk.Device).Select(v => new DeviceDocument(v.Device, v.LengthBytes, v.FileSystem.Length > 0 ? v.FileSystem : "part", v.Uuid, disk.Excluded, "-")));
        }

        return new DevicesDocument(rows);
    }

    /// <summary>While a sync runs, blocks that must not change any more wait in the agent's spool: the room that copy-on-write takes here.</summary>
    public CowsDocument CopyOnWrite()
    {
        var spool = new DirectoryInfo(paths.Spool);
        var used = spool.Exists ? spool.EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length) : 0;
        var size = MountTable.Space(paths.Folder)?.Available + used ?? 0;
        var state = slot.CurrentId is null ? "idle" : "active";
        var percent = size > 0 ? Math.Round(100.0 * used / size, 1) : 0;
        return new CowsDocument([.. machine.Disks(settings.ExcludedDiskIds.ToHashSet(StringComparer.Ordinal).Contains).Where(d => !d.Excluded).Select(d => new CowDocument(d.Device, size, percent, state))]);
    }

    public CleanDocument Clean()
    {
        // Held over the whole work: a sync that begins meanwhile waits and finds everything gone, not half of it.
        using var alone = slot.TryHold();
        if (alone is null) return new CleanDocument($"a sync is running ({slot.CurrentId}); stop it or wait for its end");
        try
        {
            Empty();
            return new CleanDocument(Reason: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new CleanDocument($"not all could be removed: {e.Message}");
        }
    }

    private void Empty()
    {
        foreach (var folder in (string[])[paths.Spool, settings.Config.IndexPath])
        {
            if (!Directory.Exists(folder)) continue;
            foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
            {
                if (entry is DirectoryInfo sub) sub.Delete(recursive: true);
                else entry.Delete();
            }
        }
    }
}
