using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Watchman.Supervision;

/// <summary>What the console is told with each beat that is not as it should be on this gateway.</summary>
internal sealed class GatewayConditions(Gateway gateway, Supervisor supervisor, TimeProvider time)
{
    private const long MiB = 1 << 20;
    private static readonly TimeSpan Starting = TimeSpan.FromSeconds(15);

    public IReadOnlyList<Condition> Now() => [.. DataService(), .. Room()];

    private IEnumerable<Condition> DataService()
    {
        if (supervisor.DownSince is not { } since || time.GetUtcNow() - since < Starting) yield break;
        yield return new Condition { Code = "gateway.data_service.down", Message = $"s3block has not served since {since:u} and was started {supervisor.Starts} times by this watchman; its log is in {gateway.Home.Logs}." };
    }

    /// <summary>s3block refuses new objects when less than min_free_mb would stay free: told before that comes.</summary>
    private IEnumerable<Condition> Room()
    {
        var folder = Path.GetFullPath(gateway.Settings.Get(GatewaySettings.FileDir), gateway.Home.Path);
        if (SpaceOf(folder) is not { } space) yield break;
        var least = gateway.Settings.Get(GatewaySettings.MinFree) * MiB;
        var (code, what) = space.Free <= least ? ("gateway.disk.full", "new objects are refused") : ("gateway.disk.nearly_full", $"new objects are refused below {least / MiB} MiB");
        if (space.Free <= Math.Max(2 * least, space.Size / 20)) yield return new Condition { Code = code, Message = $"{folder} has {space.Free / MiB} MiB free of {space.Size / MiB}: {what}." };
    }

    private static (long Size, long Free)? SpaceOf(string folder)
    {
        try
        {
            var drive = new DriveInfo(folder);
            return (drive.TotalSize, drive.AvailableFreeSpace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Not made yet, or its disk is gone: s3block then does not serve, which is told.
            return null;
        }
    }
}
