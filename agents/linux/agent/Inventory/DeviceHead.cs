namespace HyperBdr.LinuxAgent.Inventory;

/// <summary>The first bytes of a device.</summary>
internal static class DeviceHead
{
    /// <summary>At most <see cref="VolumeLabel.Size"/> bytes; zeros where the device ends earlier or does not answer.</summary>
    public static byte[] Read(string path)
    {
        var head = new byte[VolumeLabel.Size];
        try
        {
            using var device = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            for (int done = 0, count; done < head.Length && (count = RandomAccess.Read(device, head.AsSpan(done), done)) > 0; done += count)
            {
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that cannot be read is listed all the same; the sync says what is wrong with it.
        }

        return head;
    }
}
