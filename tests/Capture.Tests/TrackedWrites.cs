using HyperBdr.Capture.Tracking;
using HyperBdr.Engine.Points;
using Shouldly;
using Xunit;

namespace HyperBdr.Capture.Tests;

/// <summary>What the tracker says of writes to real devices, and when it says that it does not know.</summary>
public sealed class TrackedWrites : IAsyncLifetime
{
    private const long DiskBytes = 64 * 1024 * 1024;
    private readonly Machine machine = new();
    private Vault vault = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => vault = await Vault.CreateAsync(Ct);

    public async ValueTask DisposeAsync()
    {
        await vault.DisposeAsync();
        machine.Dispose();
    }

    [Fact]
    public async Task Writes_through_and_past_the_cache_discards_and_zeroings_are_seen_and_nothing_else()
    {
        var device = machine.Disk("a.img", DiskBytes);
        var other = machine.Disk("b.img", DiskBytes);
        await using var tracker = await StartAsync(device);
        Take(tracker, device).Ranges.ShouldBeEmpty();

        Machine.Write(device, 1 << 20, 8192, 1);
        Machine.Write(device, (2 << 20) + 512, 1024, 2);
        Machine.Write(device, 3 << 20, 5000, 3, direct: false);
        Machine.Run("blkdiscard", "-o", $"{8 << 20}", "-l", $"{1 << 20}", device);
        Machine.Run("blkdiscard", "-z", "-o", $"{12 << 20}", "-l", $"{1 << 20}", device);
        Machine.Write(other, 20 << 20, 8192, 4);
        Machine.Copy(device, "/dev/null");

        Take(tracker, device).Ranges.ShouldBe([new(1 << 20, 8192), new(2 << 20, 4096), new(3 << 20, 8192), new(8 << 20, 1 << 20), new(12 << 20, 1 << 20)]);
        Take(tracker, device).Ranges.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_write_to_a_partition_is_noted_at_its_place_on_the_disk_and_on_the_partition()
    {
        var device = machine.Disk("a.img", DiskBytes);
        Machine.Run("sh", "-c", $"printf 'label: gpt\\nstart=8192, size=16384\\nstart=40960, size=32768\\n' | sfdisk -q {device}");
        var (first, second) = ($"{device}p1", $"{device}p2");
        // A loop device shows its partitions when it is told to.
        Machine.Run("partx", "-a", device);
        try
        {
            await using var tracker = await ChangeTracker.StartAsync([new("sda", device), new("second", second)], new TrackerOptions(), Ct);
            CaptureDisk[] both = [new("sda", device), new("second", second)];
            tracker.Take(both);

            Machine.Write(first, 4096, 4096, 1);
            Machine.Write(second, 8192, 4096, 2);

            var taken = tracker.Take(both);
            taken[0].Ranges.ShouldBe([new((8192 * 512) + 4096, 4096), new((40960 * 512) + 8192, 4096)]);
            taken[1].Ranges.ShouldBe([new(8192, 4096)]);
        }
        finally
        {
            Machine.Run("partx", "-d", device);
        }
    }

    [Fact]
    public async Task Changes_since_a_point_are_known_only_when_every_write_since_it_was_followed()
    {
        var device = machine.Disk("a.img", DiskBytes);
        var disk = new CaptureDisk("sda", device);
        await using var tracker = await StartAsync(device);
        var request = new CaptureRequest { Tracker = tracker };
        var (first, result, _) = await vault.CaptureAsync([disk], request, null, Ct);
        result.Disks[0].WhyFullCompare.ShouldNotBeNull();
        tracker.WhyFullCompare("sda", first).ShouldBeNull();
        tracker.WhyFullCompare("sda", null).ShouldNotBeNull();
        var (second, _, _) = await vault.CaptureAsync([disk], request, first, Ct);
        tracker.WhyFullCompare("sda", first)!.ShouldContain("another point");
        tracker.WhyFullCompare("sdb", second).ShouldNotBeNull();

        // A restart: a tracker of another process knows nothing of what was written in between.
        await tracker.DisposeAsync();
        Machine.Write(device, 4096 * 50, 4096, 1);
        await using var next = await StartAsync(device);

        var (third, again, _) = await vault.CaptureAsync([disk], request with { Tracker = next }, second, Ct);

        again.Disks[0].WhyFullCompare!.ShouldContain("not been followed");
        await MustBeOnDiskAsync(third, device);
    }

    [Fact]
    public async Task A_buffer_that_overflows_means_a_full_compare_with_its_reason()
    {
        var device = machine.Disk("a.img", DiskBytes);
        var disk = new CaptureDisk("sda", device);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions { BufferKilobytes = 4, DrainInterval = TimeSpan.FromHours(1) }, Ct);
        var request = new CaptureRequest { Tracker = tracker };
        var (first, _, _) = await vault.CaptureAsync([disk], request, null, Ct);
        for (var i = 0; i < 1000; i++) Machine.Write(device, i * 8192, 4096, i);

        var (second, result, _) = await vault.CaptureAsync([disk], request, first, Ct);

        result.Disks[0].WhyFullCompare!.ShouldContain("dropped");
        await MustBeOnDiskAsync(second, device);
        var (third, then, _) = await vault.CaptureAsync([disk], request, second, Ct);
        then.Disks[0].WhyFullCompare.ShouldBeNull();
        await MustBeOnDiskAsync(third, device);
    }

    [Fact]
    public async Task A_buffer_that_overflows_while_the_disk_is_copied_has_it_compared_whole_again()
    {
        var device = machine.Disk("a.img", DiskBytes);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions { BufferKilobytes = 4, DrainInterval = TimeSpan.FromHours(1) }, Ct);
        var hooks = new CaptureHooks(
            _ =>
            {
                for (var i = 0; i < 1000; i++) Machine.Write(device, i * 8192, 4096, i);
                return Task.CompletedTask;
            },
            _ => Task.CompletedTask);

        var (id, result, _) = await vault.CaptureAsync([new("sda", device)], new CaptureRequest { Tracker = tracker, Hooks = hooks }, null, Ct);

        result.Disks[0].WhyFullCompare!.ShouldContain("dropped");
        result.IsOneInstant.ShouldBeFalse();
        await MustBeOnDiskAsync(id, device);
    }

    [Fact]
    public async Task A_disk_that_was_resized_is_no_longer_believed()
    {
        var device = machine.Disk("a.img", DiskBytes);
        var disk = new CaptureDisk("sda", device);
        await using var tracker = await StartAsync(device);
        var (first, _, _) = await vault.CaptureAsync([disk], new CaptureRequest { Tracker = tracker }, null, Ct);
        using (var file = File.OpenHandle(machine.PathOf("a.img"), FileMode.Open, FileAccess.Write)) RandomAccess.SetLength(file, DiskBytes + (8 << 20));
        Machine.Run("losetup", "-c", device);
        Machine.Write(device, DiskBytes + 4096, 4096, 1);

        tracker.WhyFullCompare("sda", first)!.ShouldContain("resized");
        var (second, result, _) = await vault.CaptureAsync([disk], new CaptureRequest { Tracker = tracker }, first, Ct);

        result.Disks[0].WhyFullCompare!.ShouldContain("resized");
        result.Warnings.ShouldHaveSingleItem().Code.ShouldBe("capture.tracking.none");
        tracker.WhyLost("sda").ShouldNotBeNull();
        await MustBeOnDiskAsync(second, device);
    }

    [Fact]
    public async Task The_tracker_is_checked_by_a_full_compare_now_and_then()
    {
        var device = machine.Disk("a.img", 8 << 20);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions { FullCompareEvery = 2 }, Ct);
        var reasons = new List<bool>();
        PointId? parent = null;
        for (var i = 0; i < 6; i++)
        {
            var (id, result, _) = await vault.CaptureAsync([new("sda", device)], new CaptureRequest { Tracker = tracker }, parent, Ct);
            reasons.Add(result.Disks[0].WhyFullCompare is not null);
            parent = id;
        }

        reasons.ShouldBe([true, false, true, false, true, false]);
    }

    [Fact]
    public async Task What_a_killed_tracker_left_is_removed_and_a_live_one_is_left_alone()
    {
        var device = machine.Disk("a.img", 8 << 20);
        await using var live = await StartAsync(device);
        // No process has this number: it is above what the kernel gives.
        var left = Directory.CreateDirectory($"/sys/kernel/tracing/instances/{TraceFs.InstancePrefix}{int.MaxValue}-left").FullName;

        await using var another = await StartAsync(device);

        Directory.Exists(left).ShouldBeFalse();
        Machine.Write(device, 4096, 4096, 1);
        Take(live, device).Ranges.ShouldBe([new(4096, 4096)]);
    }

    [Fact]
    public async Task A_tracker_whose_tracing_was_switched_off_says_so()
    {
        var device = machine.Disk("a.img", 8 << 20);
        await using var tracker = await StartAsync(device);
        var (first, _, _) = await vault.CaptureAsync([new("sda", device)], new CaptureRequest { Tracker = tracker }, null, Ct);
        await File.WriteAllTextAsync(Path.Combine(tracker.TraceFolder, "tracing_on"), "0", Ct);

        tracker.WhyFullCompare("sda", first)!.ShouldContain("switched off");
    }

    [Fact]
    public async Task What_is_no_block_device_cannot_be_followed()
    {
        await Should.ThrowAsync<TrackingUnavailableException>(() => StartAsync(machine.PathOf("nothing")));
        await Should.ThrowAsync<TrackingUnavailableException>(() => ChangeTracker.StartAsync([new("sda", machine.Disk("a.img", 8 << 20))], new TrackerOptions { TraceFolder = machine.PathOf("nowhere") }, Ct));
    }

    [Fact]
    public async Task Tracefs_is_mounted_where_it_is_missing()
    {
        var folder = Directory.CreateDirectory(machine.PathOf("tracing")).FullName;
        try
        {
            await using var tracker = await ChangeTracker.StartAsync([new("sda", machine.Disk("a.img", 8 << 20))], new TrackerOptions { TraceFolder = folder }, Ct);
            tracker.TraceFolder.ShouldStartWith(folder);
        }
        finally
        {
            Machine.Run("umount", folder);
        }
    }

    private static Task<ChangeTracker> StartAsync(string device) => ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions(), Ct);

    private static TakenChanges Take(ChangeTracker tracker, string device)
    {
        var taken = tracker.Take([new("sda", device)]).ShouldHaveSingleItem();
        taken.Gap.ShouldBeNull();
        return taken;
    }

    private async Task MustBeOnDiskAsync(PointId id, string device)
    {
        var (restored, reference) = (machine.PathOf($"{Guid.CreateVersion7():n}"), machine.PathOf($"{Guid.CreateVersion7():n}"));
        await vault.RestoreAsync(id, "sda", restored, Ct);
        Machine.Copy(device, reference);
        Vault.Hash(restored).ShouldBe(Vault.Hash(reference));
    }
}
