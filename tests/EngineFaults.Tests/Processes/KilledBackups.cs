using System.Collections.Concurrent;
using Shouldly;
using Xunit;

namespace HyperBdr.EngineFaults.Tests.Processes;

/// <summary>The published hbdr dies at exact system calls, by strace.</summary>
public sealed class KilledBackups : IDisposable
{
    /// <summary>The calls by which a backup changes something.</summary>
    private const string Changing = "renameat2,rename,pwrite64,write,fsync,unlinkat,unlink,mkdirat,mkdir,linkat,fcntl,ftruncate";

    /// <summary>Calls before, between and after them.</summary>
    private const string Others = "openat,close,flock,pread64";

    private const int SideBySide = 2;
    private const int VerifyEvery = 25;

    private readonly Rig rig = Rig.Prepare();
    private int runs;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => rig.Dispose();

    [Fact]
    public async Task A_backup_killed_at_any_system_call_loses_nothing_and_the_next_one_is_whole()
    {
        var (changing, others) = (Points(Changing), Points(Others));
        var wanted = Scale.Runs(300, 1500);
        var died = new ConcurrentBag<Point>();
        var survived = new ConcurrentBag<Point>();
        // Threads share the work differently in each run, so the same number is another place the next time; a run that outlives its number does not count.
        for (var round = 0; died.Count < wanted; round++)
        {
            round.ShouldBeLessThan(20, $"{died.Count} of {wanted} died, {survived.Count} did not");
            var missing = wanted - died.Count;
            List<Point> chosen = [.. Evenly(changing, (missing * 2 / 3) + 1, round), .. Evenly(others, missing / 3, round)];
            await Parallel.ForEachAsync(chosen, new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = Ct }, async (point, _) =>
            {
                var into = await DiesAsync(point) ? died : survived;
                into.Add(point);
            });
        }

        var calls = string.Join(", ", died.GroupBy(p => p.Call).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key} {g.Count()}"));
        TestContext.Current.TestOutputHelper?.WriteLine($"{changing.Count + others.Count} places, {died.Count} died, {survived.Count} ended before: {calls}");
        died.Select(p => p.Call).Distinct().Count().ShouldBeGreaterThanOrEqualTo(10);
    }

    private static IEnumerable<Point> Evenly(List<Point> points, int count, int round) =>
        Enumerable.Range(0, count).Select(i => points[(int)(((long)i * points.Count / count) + round) % points.Count]);

    private List<Point> Points(string calls)
    {
        var points = new List<Point>();
        for (var workload = 0; workload < rig.Workloads.Count; workload++)
        {
            foreach (var (call, most) in rig.Count(rig.Workloads[workload], calls).OrderBy(c => c.Key, StringComparer.Ordinal))
            {
                points.AddRange(Enumerable.Range(1, most).Select(number => new Point(workload, call, number)));
            }
        }

        return points;
    }

    private async Task<bool> DiesAsync(Point point)
    {
        var number = Interlocked.Increment(ref runs);
        var folder = rig.Copy($"run-{number}");
        var workload = rig.Workloads[point.Workload];
        try
        {
            var (code, output) = rig.Backup(folder, workload, "strace", "-f", "-qq", "-o", "/dev/null", "-e", $"trace={point.Call}", "-e", $"inject={point.Call}:signal=SIGKILL:when={point.Number}");
            code.ShouldBeOneOf([0, 137], output);
            await rig.MustGoOnAsync(folder, workload, number % VerifyEvery == 0, Ct);
            return code == 137;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new InvalidOperationException($"{point}", e);
        }
    }

    private sealed record Point(int Workload, string Call, int Number);
}
