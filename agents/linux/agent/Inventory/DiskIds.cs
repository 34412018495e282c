namespace HyperBdr.LinuxAgent.Inventory;

/// <summary>Names that stay with a disk when the kernel gives it another letter.</summary>
internal static class DiskIds
{
    /// <summary>World-wide name, serial number, id of the partition table, id of the file system; the kernel's name where a disk has none of these.</summary>
    public static string Of(BlockDevice disk, PartitionTableId table, VolumeLabel label)
    {
        if (First($"{disk.Folder}/dm/uuid") is { } multipath) return Plain(multipath);
        if (First($"{disk.Folder}/wwid", $"{disk.Folder}/device/wwid") is { } name) return "wwn-" + Plain(name);
        if (First($"{disk.Folder}/serial", $"{disk.Folder}/device/serial") is { } serial) return "serial-" + Plain(serial);
        if (table.Id.Length > 0) return $"{table.Kind}-{table.Id}";
        if (label.Uuid.Length > 0) return "fs-" + Plain(label.Uuid);
        return "name-" + Plain(disk.Name);
    }

    /// <summary>Copies of a disk on one machine carry one id: the kernel's name tells them apart.</summary>
    public static string Distinct(string id, BlockDevice disk, ISet<string> taken)
    {
        var own = taken.Add(id) ? id : $"{id}-{Plain(disk.Name)}";
        taken.Add(own);
        return own;
    }

    private static string? First(params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            if (SmallFile.Read(path) is { Length: > 0 } text) return text;
        }

        return null;
    }

    private static string Plain(string text)
    {
        var plain = string.Concat(text.Trim().Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_'));
        return plain.Length <= 100 ? plain : plain[..100];
    }
}
