using System.Globalization;
using System.Text.RegularExpressions;
using HyperBdr.Hbdr.Tests;
using Shouldly;
using Xunit;

namespace HyperBdr.EngineFaults.Tests.Processes;

/// <summary>Full disks, failed syncs, unreadable sources and caches that go away, with the published hbdr.</summary>
public sealed class FailingDisks : IDisposable
{
    private const int Mib = 1024 * 1024;
    private readonly Rig rig = Rig.Prepare();
    private readonly Stack<Action> undo = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        while (undo.TryPop(out var step)) step();
        rig.Dispose();
    }

    [Theory]
    [InlineData("fsync", "EIO")]
    [InlineData("pwrite64", "EIO")]
    [InlineData("pwrite64", "ENOSPC")]
    [InlineData("renameat2", "EIO")]
    [InlineData("renameat2", "ENOSPC")]
    [InlineData("mkdirat", "ENOSPC")]
    [InlineData("unlinkat", "EIO")]
    [InlineData("pread64", "EIO")]
    [InlineData("rename", "ENOSPC")]
    public async Task A_failed_call_never_ends_as_success_unless_all_is_whole(string call, string error)
    {
        foreach (var workload in rig.Workloads.Take(Scale.Runs(2, 3)))
        {
            var most = rig.Count(workload, call).GetValueOrDefault(call);
            for (var number = 1; number <= most; number += Math.Max(1, most / Scale.Runs(6, 60)))
            {
                var folder = rig.Copy($"{call}-{error}-{number}");
                var (code, output) = rig.Backup(folder, workload, "strace", "-f", "-qq", "-o", "/dev/null", "-e", $"trace={call}", "-e", $"inject={call}:error={error}:when={number}");
                var what = $"{call} {number}: {output}";
                // 127: the loader, before hbdr began. 0: the call was of the cache, or was made again. 3 and 4: the store. 6: the source. 9: the cache.
                code.ShouldBeOneOf([0, 3, 4, 5, 6, 9, 127], what);
                if (code is not (0 or 127)) output.ShouldStartWith("hbdr: engine.", Case.Sensitive, what);
                if (code == 9) output.ShouldContain("engine.cache.failed", Case.Sensitive, what);
                if (code != 0 && error == "ENOSPC") output.ShouldMatch("engine.store.full|engine.cache.failed", what);
                if (code == 0) (await rig.ContentsAsync(folder, "other-cache", verify: true, Ct)).ShouldContain("after", what);
                await rig.MustGoOnAsync(folder, workload, verify: false, Ct);
            }
        }
    }

    [Fact]
    public async Task A_store_that_is_full_in_the_middle_says_so_and_goes_on_when_there_is_room()
    {
        if (!Environment.IsPrivilegedProcess) Assert.Skip("loop devices need root");
        var prepared = new DirectoryInfo(rig.Prepared).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);
        var folder = Mounted((int)(prepared / Mib) + 16);
        Tool.Run("cp", "-a", $"{rig.Prepared}/.", folder);
        var ballast = Path.Combine(folder, "ballast");
        // Leaves room for a pack or two, not for all.
        var free = new DriveInfo(folder).AvailableFreeSpace;
        await using (var file = File.Create(ballast)) await file.WriteAsync(new byte[free - (2 * Mib)], Ct);

        for (var tries = 0; tries < 2; tries++)
        {
            var (code, output) = rig.Backup(folder, rig.Workloads[2]);
            code.ShouldBe(4, output);
            output.ShouldContain("engine.store.full");
            Directory.GetFiles(Path.Combine(folder, "repository", ".tmp")).ShouldBeEmpty();
        }

        File.Delete(ballast);
        (await rig.ContentsAsync(folder, "cache", verify: true, Ct)).ShouldBe(["before"]);
        rig.Backup(folder, rig.Workloads[2]).Code.ShouldBe(0);
        (await rig.ContentsAsync(folder, "other-cache", verify: true, Ct)).ShouldBe(["before", "after"]);
    }

    [Fact]
    public async Task A_source_that_cannot_be_read_at_one_place_gives_no_point_and_names_the_place()
    {
        if (!Environment.IsPrivilegedProcess) Assert.Skip("loop devices need root");
        var folder = rig.Copy("source");
        var backing = Path.Combine(folder, "backing");
        File.Copy(rig.Image, backing);
        var device = Tool.Run("losetup", "-f", "--show", backing).Trim();
        undo.Push(() => Tool.Run("losetup", "-d", device));
        // The device stays as long as it was; what lies beyond the file's new end cannot be read.
        using (var file = File.OpenHandle(backing, FileMode.Open, FileAccess.Write)) RandomAccess.SetLength(file, 5 * Mib);

        var (code, output) = rig.Backup(folder, [device, "--host", "one"]);

        code.ShouldBe(6, output);
        output.ShouldStartWith("hbdr: engine.source.unreadable: ");
        var named = Regex.Match(output, $"{device}\\D+(?<at>[0-9]+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["at"].Value;
        long.Parse(named, CultureInfo.InvariantCulture).ShouldBeInRange(4 * Mib, 5 * Mib);
        (await rig.ContentsAsync(folder, "cache", verify: false, Ct)).ShouldBe(["before"]);
    }

    [Theory]
    [InlineData("deleted")]
    [InlineData("full")]
    [InlineData("read-only")]
    [InlineData("a file")]
    public async Task A_cache_that_cannot_be_used_costs_time_or_is_named(string state)
    {
        if (!Environment.IsPrivilegedProcess) Assert.Skip("mounts need root");
        var folder = rig.Copy("cache-" + state.Replace(' ', '-'));
        var cache = Path.Combine(folder, "cache");
        switch (state)
        {
            case "deleted":
                Directory.Delete(cache, recursive: true);
                break;
            case "a file":
                Directory.Delete(cache, recursive: true);
                await File.WriteAllTextAsync(cache, "not a folder", Ct);
                break;
            default:
                var option = state == "full" ? "size=4k,nr_inodes=6" : "ro";
                Tool.Run("mount", "-t", "tmpfs", "-o", option, "none", cache);
                undo.Push(() => Tool.Run("umount", cache));
                break;
        }

        var (code, output) = rig.Backup(folder, rig.Workloads[0]);

        if (code != 0) output.ShouldStartWith("hbdr: engine.cache.failed: ", Case.Sensitive, output);
        if (state == "deleted") code.ShouldBe(0, output);
        (await rig.ContentsAsync(folder, "other-cache", verify: true, Ct)).ShouldBe(code == 0 ? ["before", "after"] : ["before"]);
    }

    private string Mounted(int mebibytes)
    {
        var (image, at) = (Path.Combine(Path.GetDirectoryName(rig.Image)!, "disk"), Path.Combine(Path.GetDirectoryName(rig.Image)!, "mount"));
        using (var file = File.OpenHandle(image, FileMode.Create, FileAccess.Write)) RandomAccess.SetLength(file, (long)mebibytes * Mib);
        Tool.Run("mkfs.ext4", "-q", "-m", "0", image);
        Directory.CreateDirectory(at);
        Tool.Run("mount", "-o", "loop", image, at);
        undo.Push(() => Tool.Run("umount", at));
        return at;
    }
}
