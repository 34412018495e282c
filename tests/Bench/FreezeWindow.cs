using System.Diagnostics;
using HyperBdr.Capture;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Bench;

/// <summary>How long file systems stand still for a point while a program goes on writing to them. Needs root: a loop device with ext4.</summary>
internal sealed class FreezeWindow : IAsyncDisposable
{
    private const int DiskMebibytes = 1024, FileMebibytes = 256, WriteBytes = 16 * 1024;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(2);
    private readonly string folder = Directory.CreateTempSubdirectory("hyperbdr-bench-").FullName;
    private readonly RawKey key = RawKey.Create();
    private readonly List<double> stalls = [];
    private string device = "";
    private long written;

    private string MountPoint => Path.Combine(folder, "disk");

    /// <summary>Takes so many points one after the other.</summary>
    public static async Task PrintAsync(int points)
    {
        await using var bench = new FreezeWindow();
        await bench.RunAsync(points, CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        key.Dispose();
        if (device.Length > 0)
        {
            Run("umount", MountPoint);
            Run("losetup", "-d", device);
        }

        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task RunAsync(int points, CancellationToken ct)
    {
        MakeDisk();
        var store = Directory.CreateDirectory(Path.Combine(folder, "store")).FullName;
        await using (var place = new FolderStore(store)) await Repository.InitAsync(place, Guid.CreateVersion7(), [(key, "bench")], ChunkingConstants.Default, ct);
        await using var repository = await Repository.OpenAsync(new FolderStore(store), key, Path.Combine(folder, "cache"), TimeProvider.System, ct);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions(), ct);
        using var stop = new CancellationTokenSource();
        var writer = new Thread(() => Write(stop.Token));
        writer.Start();
        var results = new List<(CaptureResult Result, long Read, double Seconds)>();
        try
        {
            PointId? parent = null;
            for (var i = 0; i <= points; i++) parent = await TakeAsync(repository, tracker, parent, results, ct);
        }
        finally
        {
            await stop.CancelAsync();
            writer.Join();
        }

        Print(results.Skip(1).ToList());
    }

    private async Task<PointId> TakeAsync(Repository repository, ChangeTracker tracker, PointId? parent, List<(CaptureResult, long, double)> results, CancellationToken ct)
    {
        var begin = Stopwatch.GetTimestamp();
        await using var session = await repository.BeginWriteAsync(new WriteRequest("bench") { Parent = parent }, ct);
        var result = await DiskCapture.RunAsync(session, [new("sda", device)], new CaptureRequest { Tracker = tracker }, new Progress<CaptureProgress>(), ct);
        var id = await session.CommitAsync(ct);
        tracker.PointPublished(id);
        results.Add((result, session.Progress.Statistics.Read, Stopwatch.GetElapsedTime(begin).TotalSeconds));
        return id;
    }

    private void MakeDisk()
    {
        var image = Path.Combine(folder, "disk.img");
        using (var file = File.OpenHandle(image, FileMode.CreateNew, FileAccess.Write)) RandomAccess.SetLength(file, (long)DiskMebibytes << 20);
        device = Run("losetup", "-f", "--show", image).Trim();
        Run("mkfs.ext4", "-q", device);
        Directory.CreateDirectory(MountPoint);
        Run("mount", device, MountPoint);
    }

    // Random pieces of a file, each through to the medium, at a steady pace: some 8 MB/s.
    private void Write(CancellationToken ct)
    {
        var random = new Random(1);
        var content = new byte[WriteBytes];
        using var file = File.OpenHandle(Path.Combine(MountPoint, "file"), FileMode.Create, FileAccess.Write, FileShare.Read, FileOptions.WriteThrough);
        while (!ct.WaitHandle.WaitOne(Pace))
        {
            random.NextBytes(content);
            var begin = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, content, random.NextInt64(((long)FileMebibytes << 20) / WriteBytes) * WriteBytes);
            stalls.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            written += WriteBytes;
        }
    }

    private void Print(List<(CaptureResult Result, long Read, double Seconds)> results)
    {
        var windows = results.Select(r => r.Result.FreezeWindow?.TotalMilliseconds ?? double.NaN).Order().ToList();
        Console.WriteLine($"capture: {results.Count} points of ext4 on a loop device under a steady writer ({written / 1048576} MiB written through in {stalls.Count} writes)");
        Console.WriteLine($"  freeze window p50 {At(windows, 0.5):f0} ms, p99 {At(windows, 0.99):f0} ms, most {windows[^1]:f0} ms");
        Console.WriteLine($"  longest writes p99 {At([.. stalls.Order()], 0.99):f1} ms, most {stalls.Max():f0} ms");
        Console.WriteLine($"  of one moment {results.Count(r => r.Result.IsOneInstant)}, file system consistent {results.Count(r => r.Result.Consistency == Consistency.FileSystem)}, full compares {results.Count(r => r.Result.Disks[0].WhyFullCompare is not null)}");
        Console.WriteLine($"  read for a point p50 {At([.. results.Select(r => (double)r.Read).Order()], 0.5) / 1048576:f1} MiB of {DiskMebibytes}, taken in p50 {At([.. results.Select(r => r.Seconds).Order()], 0.5):f2} s");
    }

    private static double At(List<double> ordered, double share) => ordered[(int)Math.Min(ordered.Count - 1, Math.Ceiling(share * ordered.Count) - 1)];

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}");
    }
}
