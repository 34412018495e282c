using System.Diagnostics;
using HyperBdr.Capture.Freezing;
using HyperBdr.Capture.Tracking;
using HyperBdr.Engine.Points;
using Shouldly;
using Xunit;

namespace HyperBdr.Capture.Tests;

/// <summary>File systems that must go on whatever happens.</summary>
public sealed class Freezes : IAsyncLifetime
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
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_guard_thaws_when_this_process_ends_or_takes_too_long(bool ends)
    {
        var (device, folder) = machine.FileSystem("ext4", 32 << 20);
        var systems = MountedFileSystem.On([BlockDevice.Find(device)]);
        using var freeze = new FileSystemFreeze(systems);
        using var watchdog = await FreezeWatchdog.StartAsync(systems.Select(s => s.MountPoint), ends ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(1), Ct);
        freeze.TryFreeze().ShouldBeNull();
        var write = Task.Run(() => File.WriteAllText(Path.Combine(folder, "written"), "x"), Ct);

        // The end of this process closes the pipe, as this does.
        if (ends) watchdog.Dispose();

        await write.WaitAsync(TimeSpan.FromSeconds(20), Ct);
        freeze.Thaw().ShouldBeFalse();
    }

    [Fact]
    public async Task A_frozen_file_system_is_thawed_when_its_process_is_killed_although_the_guard_is_told_to_end()
    {
        var (_, folder) = machine.FileSystem("ext4", 32 << 20);
        var pipe = machine.PathOf("pipe");
        Machine.Run("mkfifo", pipe);
        // In the agent's place: a process that holds the guard's input open, and is killed.
        using var agent = Process.Start("sh", ["-c", "exec sleep 600 >\"$0\"", pipe]);
        using var guard = Process.Start(new ProcessStartInfo("sh", ["-c", "exec sh -c \"$1\" thaw 60 \"$2\" <\"$0\"", pipe, FreezeWatchdog.Script, folder]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        (await guard.StandardOutput.ReadLineAsync(Ct)).ShouldBe("ready");
        Machine.Run("fsfreeze", "-f", folder);
        var write = Task.Run(() => File.WriteAllText(Path.Combine(folder, "written"), "x"), Ct);
        Machine.Run("kill", "-TERM", $"{guard.Id}");

        agent.Kill();

        await write.WaitAsync(TimeSpan.FromSeconds(20), Ct);
        await guard.WaitForExitAsync(Ct);
    }

    [Fact]
    public async Task A_freeze_that_outlasts_its_limit_is_no_consistent_point_and_the_writers_go_on()
    {
        var (device, folder) = machine.FileSystem("ext4", 32 << 20);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions(), Ct);
        var tries = 0;
        var request = new CaptureRequest
        {
            Tracker = tracker,
            FreezeTimeout = TimeSpan.FromSeconds(1),
            // Ends only when somebody else has thawed the file system.
            AtInstant = () =>
            {
                if (tries++ == 0) File.WriteAllText(Path.Combine(folder, "written"), "x");
            },
        };

        var (_, result, _) = await vault.CaptureAsync([new("sda", device)], request, null, Ct);

        tries.ShouldBe(2);
        result.Warnings.ShouldContain(w => w.Code == "capture.freeze.broken");
        result.Consistency.ShouldBe(Consistency.FileSystem);
        result.IsOneInstant.ShouldBeTrue();
    }

    [Fact]
    public async Task A_failure_in_the_window_thaws()
    {
        var (device, folder) = machine.FileSystem("ext4", 32 << 20);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions(), Ct);
        var request = new CaptureRequest { Tracker = tracker, AtInstant = () => throw new InvalidOperationException("broken") };

        await Should.ThrowAsync<InvalidOperationException>(() => vault.CaptureAsync([new("sda", device)], request, null, Ct));

        await Task.Run(() => File.WriteAllText(Path.Combine(folder, "written"), "x"), Ct).WaitAsync(TimeSpan.FromSeconds(20), Ct);
        (await vault.Repository.ListPointsAsync(Ct)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_system_inside_a_file_is_frozen_before_the_one_it_lies_on()
    {
        var (device, folder) = machine.FileSystem("ext4", 128 << 20);
        var image = Path.Combine(folder, "inner.img");
        using (var file = File.OpenHandle(image, FileMode.CreateNew, FileAccess.Write)) RandomAccess.SetLength(file, 32 << 20);
        var inner = machine.Loop(image);
        Machine.Format("ext4", inner);
        var innerFolder = machine.Mount(inner);

        MountedFileSystem.On([BlockDevice.Find(device)]).Select(s => s.MountPoint).ShouldBe([innerFolder, folder]);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions(), Ct);
        File.WriteAllText(Path.Combine(innerFolder, "inside"), "x");
        var reference = machine.PathOf("reference");
        var (id, result, _) = await vault.CaptureAsync([new("sda", device)], new CaptureRequest { Tracker = tracker, AtInstant = () => Machine.Copy(device, reference) }, null, Ct);

        result.Consistency.ShouldBe(Consistency.FileSystem);
        await MustComeBackAsync(id, reference);
    }

    [Fact]
    public async Task A_file_system_that_somebody_else_has_frozen_stays_frozen_and_the_point_is_one_quiet_moment()
    {
        var (device, folder) = machine.FileSystem("ext4", 32 << 20);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions(), Ct);
        Machine.Run("fsfreeze", "-f", folder);
        try
        {
            var (_, result, _) = await vault.CaptureAsync([new("sda", device)], new CaptureRequest { Tracker = tracker }, null, Ct);

            result.Warnings.ShouldContain(w => w.Code == "capture.freeze.refused");
            result.Consistency.ShouldBe(Consistency.Crash);
            result.IsOneInstant.ShouldBeTrue();
        }
        finally
        {
            Machine.Run("fsfreeze", "-u", folder);
        }
    }

    [Fact]
    public async Task More_changes_than_the_spool_takes_are_no_moment_and_are_all_kept()
    {
        var device = machine.Disk("raw.img", 64 << 20);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions(), Ct);
        var seed = 0;
        var hooks = new CaptureHooks(
            _ =>
            {
                Machine.Write(device, 1 << 20, 4 << 20, seed++);
                return Task.CompletedTask;
            },
            _ => Task.CompletedTask);
        var request = new CaptureRequest { Tracker = tracker, Hooks = hooks, Spool = new SpoolOptions { MemoryBytes = 1 << 20 } };

        var (id, result, _) = await vault.CaptureAsync([new("sda", device)], request, null, Ct);

        result.Warnings.Select(w => w.Code).ShouldBe(["capture.spool.full", "capture.not_one_instant"]);
        var reference = machine.PathOf("reference");
        Machine.Copy(device, reference);
        await MustComeBackAsync(id, reference);
        // Nothing was lost for the tracker either.
        tracker.WhyFullCompare("sda", id).ShouldBeNull();
    }

    [Fact]
    public async Task The_spool_goes_on_in_its_file()
    {
        var device = machine.Disk("raw.img", 64 << 20);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions(), Ct);
        var hooks = new CaptureHooks(
            _ =>
            {
                for (var i = 0; i < 40; i++) Machine.Write(device, (i * 70_000L / 512 * 512) + 1024, 32 * 1024, i);
                return Task.CompletedTask;
            },
            _ => Task.CompletedTask);
        var folder = Directory.CreateDirectory(machine.PathOf("spool")).FullName;
        var reference = machine.PathOf("reference");
        var request = new CaptureRequest { Tracker = tracker, Hooks = hooks, Spool = new SpoolOptions { MemoryBytes = 200 * 1024, Folder = folder }, AtInstant = () => Machine.Copy(device, reference) };

        var (id, result, _) = await vault.CaptureAsync([new("sda", device)], request, null, Ct);

        result.IsOneInstant.ShouldBeTrue();
        result.FinalBytes.ShouldBeGreaterThan(1_000_000);
        await MustComeBackAsync(id, reference);
        Directory.EnumerateFileSystemEntries(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_spool_file_on_a_captured_disk_is_not_used()
    {
        var (device, folder) = machine.FileSystem("ext4", 32 << 20);
        await using var tracker = await ChangeTracker.StartAsync([new("sda", device)], new TrackerOptions(), Ct);

        var (_, result, _) = await vault.CaptureAsync([new("sda", device)], new CaptureRequest { Tracker = tracker, Spool = new SpoolOptions { Folder = folder } }, null, Ct);

        result.Warnings.ShouldHaveSingleItem().Code.ShouldBe("capture.spool.memory_only");
        result.Consistency.ShouldBe(Consistency.FileSystem);
    }

    private async Task MustComeBackAsync(PointId id, string reference)
    {
        var restored = machine.PathOf("restored");
        await vault.RestoreAsync(id, "sda", restored, Ct);
        Vault.Hash(restored).ShouldBe(Vault.Hash(reference));
    }
}
