namespace HyperBdr.Capture.Tracking;

/// <summary>The kernel's tracing file system.</summary>
internal static class TraceFs
{
    public const string InstancePrefix = "hyperbdr-";

    /// <summary>The folder of instances; mounts tracefs where it is missing.</summary>
    /// <exception cref="TrackingUnavailableException">There is none, or it may not be used.</exception>
    public static string Instances(string folder)
    {
        var instances = Path.Combine(folder, "instances");
        try
        {
            if (!Directory.Exists(instances) && Directory.Exists(folder)) Sys.TryMountTraceFs(folder);
            if (Directory.Exists(instances)) return instances;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrackingUnavailableException($"{folder} cannot be used: {e.Message}", e);
        }

        throw new TrackingUnavailableException($"there is no tracefs at {folder}: the kernel has no event tracing, or it is locked down");
    }

    /// <summary>Removes what killed processes left. The instance of a live one refuses, since it holds its files open.</summary>
    public static void RemoveLeftOvers(string instances)
    {
        foreach (var left in Directory.EnumerateDirectories(instances, $"{InstancePrefix}*"))
        {
            var owner = Path.GetFileName(left)[InstancePrefix.Length..].Split('-')[0];
            if (Directory.Exists($"/proc/{owner}")) continue;
            TryRemove(left);
        }
    }

    /// <summary>Removes an instance, unless somebody has it open.</summary>
    public static bool TryRemove(string instance)
    {
        try
        {
            Directory.Delete(instance);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
