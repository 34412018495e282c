using HyperBdr.Engine.Points;
using Shouldly;
using Xunit;

namespace HyperBdr.Capture.Tests;

/// <summary>Points of live file systems. The freeze stops the writers, so that a copy of the device while all is still is what must come back.</summary>
public sealed class Captures : IAsyncLifetime
{
    private readonly Machine machine = new();
    private Vault vault = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => vault = await Vault.CreateAsync(Ct);

    public async ValueTask DisposeAsync()
    {
        await vault.DisposeAsync();
        machine.Dispose();
    }

    [Theory]
    [InlineData("ext4", 1)]
    [InlineData("ext4", 2)]
    [InlineData("xfs", 3)]
    [InlineData("btrfs", 4)]
    public async Task A_disk_that_is_written_in_every_way_comes_back_as_of_the_freeze(string kind, int seed)
    {
        // The least that XFS takes is 300 MiB, and btrfs keeps its metadata twice.
        var length = kind == "ext4" ? 128L << 20 : 304L << 20;
        var (device, folder) = machine.FileSystem(kind, length);
        var disk = new CaptureDisk("sda", device);
        await using var tracker = await ChangeTracker.StartAsync([new TrackedDisk("sda", device)], new TrackerOptions(), Ct);
        var points = new List<(PointId Id, string Reference)>();
        using (var writers = new Writers(folder, seed))
        {
            for (var day = 0; day < 3; day++)
            {
                if (day == 1) writers.Trim();
                var before = writers.Count;
                var reference = machine.PathOf($"reference-{day}");
                var request = new CaptureRequest { Tracker = tracker, SmallEnoughBytes = 1024 * 1024, FreezeTimeout = TimeSpan.FromSeconds(30), AtInstant = () => Machine.Copy(device, reference) };
                var (id, result, did) = await vault.CaptureAsync([disk], request, day == 0 ? null : points[^1].Id, Ct);

                result.Warnings.ShouldBeEmpty();
                result.Consistency.ShouldBe(Consistency.FileSystem);
                result.IsOneInstant.ShouldBeTrue();
                if (day > 0) result.Disks[0].WhyFullCompare.ShouldBeNull();
                if (day > 1) did.Read.ShouldBeLessThan(length / 2);
                (await vault.PointAsync(id, Ct)).Consistency.ShouldBe(Consistency.FileSystem);
                points.Add((id, reference));
                Wait(() => writers.Count > before + 100);
            }
        }

        foreach (var (id, reference) in points) await MustComeBackAsync(kind, id, reference);
    }

    [Fact]
    public async Task Two_disks_are_of_one_moment()
    {
        var (first, firstFolder) = machine.FileSystem("ext4", 64 * 1024 * 1024, "a.img");
        var (second, secondFolder) = machine.FileSystem("ext4", 64 * 1024 * 1024, "b.img");
        CaptureDisk[] disks = [new("sda", first), new("sdb", second)];
        await using var tracker = await ChangeTracker.StartAsync([new("sda", first), new("sdb", second)], new TrackerOptions(), Ct);
        using var stop = new CancellationTokenSource();
        var writer = new Thread(() =>
        {
            for (var n = 1; !stop.IsCancellationRequested; n++)
            {
                WriteNumber(firstFolder, n);
                WriteNumber(secondFolder, n);
            }
        });
        writer.Start();
        try
        {
            PointId? parent = null;
            for (var day = 0; day < 5; day++)
            {
                var (id, result, _) = await vault.CaptureAsync(disks, new CaptureRequest { Tracker = tracker }, parent, Ct);
                result.IsOneInstant.ShouldBeTrue();
                var (a, b) = (await NumberAsync(id, "sda"), await NumberAsync(id, "sdb"));
                // The number is written to the first disk, and then to the second.
                (a - b).ShouldBeInRange(0, 1, $"{a} and {b}");
                parent = id;
            }
        }
        finally
        {
            await stop.CancelAsync();
            writer.Join();
        }
    }

    [Fact]
    public async Task Hooks_run_around_the_freeze_and_make_the_point_application_consistent()
    {
        var (device, folder) = machine.FileSystem("ext4", 64 * 1024 * 1024);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions(), Ct);
        var order = new List<string>();
        var hooks = new CaptureHooks(_ => Add("quiesce"), _ => Add("resume"));

        var (id, result, _) = await vault.CaptureAsync([new("sda", device)], new CaptureRequest { Tracker = tracker, Hooks = hooks, AtInstant = () => order.Add("instant") }, null, Ct);

        order.ShouldBe(["quiesce", "instant", "resume"]);
        result.Consistency.ShouldBe(Consistency.Application);
        (await vault.PointAsync(id, Ct)).Consistency.ShouldBe(Consistency.Application);
        File.WriteAllText(Path.Combine(folder, "after"), "writable");

        Task Add(string what)
        {
            order.Add(what);
            return Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_failed_hook_makes_no_point_or_a_lesser_one(bool isRequired)
    {
        var (device, _) = machine.FileSystem("ext4", 64 * 1024 * 1024);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions(), Ct);
        var resumed = 0;
        var hooks = new CaptureHooks(_ => throw new HookFailedException("exit code 3"), _ => Task.FromResult(resumed++), isRequired);
        var request = new CaptureRequest { Tracker = tracker, Hooks = hooks };

        if (isRequired)
        {
            await Should.ThrowAsync<HookFailedException>(() => vault.CaptureAsync([new("sda", device)], request, null, Ct));
            (await vault.Repository.ListPointsAsync(Ct)).ShouldBeEmpty();
        }
        else
        {
            var (_, result, _) = await vault.CaptureAsync([new("sda", device)], request, null, Ct);
            result.Consistency.ShouldBe(Consistency.FileSystem);
            result.Warnings.ShouldHaveSingleItem().Code.ShouldBe("capture.hooks.failed");
        }

        resumed.ShouldBe(1);
    }

    [Fact]
    public async Task Without_a_tracker_the_point_says_that_it_is_one_scan()
    {
        var (device, _) = machine.FileSystem("ext4", 64 * 1024 * 1024);

        var (id, result, _) = await vault.CaptureAsync([new("sda", device)], new CaptureRequest(), null, Ct);

        result.Consistency.ShouldBe(Consistency.Crash);
        result.IsOneInstant.ShouldBeFalse();
        result.FreezeWindow.ShouldBeNull();
        result.Warnings.ShouldHaveSingleItem().Code.ShouldBe("capture.tracking.none");
        var reference = machine.PathOf("reference");
        Machine.Run("sync", "-f", machine.Folder);
        Machine.Copy(device, reference);
        await MustComeBackAsync(null, id, reference);
    }

    [Fact]
    public async Task A_session_that_failed_loses_no_change()
    {
        var device = machine.Disk("raw.img", 32 * 1024 * 1024);
        var disk = new CaptureDisk("sda", device);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions(), Ct);
        var request = new CaptureRequest { Tracker = tracker };
        var (first, _, _) = await vault.CaptureAsync([disk], request, null, Ct);
        Machine.Write(device, 4096 * 100, 8192, 1);
        await using (var lost = await vault.Repository.BeginWriteAsync(new("web-1") { Parent = first }, Ct)) await DiskCapture.RunAsync(lost, [disk], request, new Progress<CaptureProgress>(), Ct);
        Machine.Write(device, 4096 * 2000, 4096, 2);

        var (second, result, did) = await vault.CaptureAsync([disk], request, first, Ct);

        result.Disks[0].WhyFullCompare.ShouldBeNull();
        did.Read.ShouldBeLessThan(1024 * 1024);
        var reference = machine.PathOf("reference");
        Machine.Copy(device, reference);
        await MustComeBackAsync(null, second, reference);
    }

    private static void WriteNumber(string folder, int number)
    {
        using var file = File.OpenHandle(Path.Combine(folder, "number"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, FileOptions.WriteThrough);
        RandomAccess.Write(file, BitConverter.GetBytes(number), 0);
    }

    private async Task<int> NumberAsync(PointId id, string disk)
    {
        var image = machine.PathOf($"{Guid.CreateVersion7():n}");
        await vault.RestoreAsync(id, disk, image, Ct);
        var folder = machine.Mount(machine.Loop(image));
        return File.Exists(Path.Combine(folder, "number")) ? BitConverter.ToInt32(await File.ReadAllBytesAsync(Path.Combine(folder, "number"), Ct)) : 0;
    }

    private async Task MustComeBackAsync(string? kind, PointId id, string reference)
    {
        var restored = machine.PathOf($"restored-{Guid.CreateVersion7():n}");
        await vault.RestoreAsync(id, "sda", restored, Ct);
        Vault.Hash(restored).ShouldBe(Vault.Hash(reference));
        if (kind is not null) machine.Check(kind, restored);
    }

    private static void Wait(Func<bool> condition) => SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(20)).ShouldBeTrue();
}
