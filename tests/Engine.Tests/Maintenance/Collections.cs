using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Maintenance;

public sealed class Collections : IAsyncLifetime
{
    private static readonly TimeSpan Day = TimeSpan.FromHours(25);
    private World world = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => world = await World.CreateAsync(Ct);

    public ValueTask DisposeAsync()
    {
        world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_a_deleted_point_alone_needed_is_gone_after_three_days_and_everything_else_stays()
    {
        await using var repository = await world.OpenAsync(Ct);
        var first = await world.BackUpAsync(repository, Disks.Of(1, 2, 3, 4, 5, 6, 7, 8), null, Ct);
        // One piece of eight stays: well below what is compacted, wherever the chunks happen to end.
        await world.BackUpAsync(repository, Disks.Of(1, 12, 13, 14, 15, 16, 17, 18), first, Ct);
        await Collector.DeletePointAsync(repository, first, DeleteDanger.None, Ct);
        world.Published.TryRemove(first, out _);
        var bytes = await BytesAsync();

        world.Clock.Move(Day);
        (await CollectAsync(repository)).ShouldSatisfyAllConditions(r => r.Epoch.ShouldBe(1u), r => r.DeletedPacks.ShouldBe(0), r => r.Condemned.ShouldBeGreaterThan(0));
        world.Clock.Move(Day);
        (await CollectAsync(repository)).DeletedPacks.ShouldBe(0);
        world.Clock.Move(Day);
        (await CollectAsync(repository)).DeletedPacks.ShouldBeGreaterThan(0);
        world.Clock.Move(Day);
        await CollectAsync(repository);

        (await BytesAsync()).ShouldBeLessThan(bytes - (3 * Disks.PieceBytes));
        await MustBeCleanAsync(repository);
    }

    [Fact]
    public async Task Two_epochs_are_not_enough_while_the_stores_clock_has_not_gone_a_day()
    {
        await using var repository = await world.OpenAsync(Ct);
        var first = await world.BackUpAsync(repository, Disks.Of(1, 2, 3, 4), null, Ct);
        await world.BackUpAsync(repository, Disks.Of(11, 12, 13, 14), null, Ct);
        await Collector.DeletePointAsync(repository, first, DeleteDanger.None, Ct);
        world.Published.TryRemove(first, out _);
        world.Clock.Move(TimeSpan.FromHours(23));
        (await CollectAsync(repository)).Condemned.ShouldBe(0);
        world.Clock.Move(TimeSpan.FromHours(2));
        (await CollectAsync(repository)).Condemned.ShouldBe(2);
        for (var i = 0; i < 4; i++)
        {
            world.Clock.Move(TimeSpan.FromHours(5));
            (await CollectAsync(repository)).ShouldSatisfyAllConditions(r => r.DeletedPacks.ShouldBe(0), r => r.Waiting.ShouldBe(2));
        }

        world.Clock.Move(TimeSpan.FromHours(5));
        (await CollectAsync(repository)).ShouldSatisfyAllConditions(r => r.DeletedPacks.ShouldBe(2), r => r.Waiting.ShouldBe(0));
        await MustBeCleanAsync(repository);
    }

    [Fact]
    public async Task A_condemned_pack_is_not_used_again_and_what_needs_it_is_stored_anew()
    {
        await using var repository = await world.OpenAsync(Ct);
        var disk = Disks.Of(1, 2, 3, 4);
        var first = await world.BackUpAsync(repository, disk, null, Ct);
        await world.BackUpAsync(repository, Disks.Of(11), null, Ct);
        await Collector.DeletePointAsync(repository, first, DeleteDanger.None, Ct);
        world.Published.TryRemove(first, out _);
        world.Clock.Move(Day);
        (await CollectAsync(repository)).Condemned.ShouldBe(2);

        await world.BackUpAsync(repository, disk, null, Ct);
        for (var i = 0; i < 3; i++)
        {
            world.Clock.Move(Day);
            await CollectAsync(repository);
        }

        await MustBeCleanAsync(repository);
    }

    [Fact]
    public async Task A_manifest_that_cannot_be_read_ends_the_run_and_is_named()
    {
        await using var repository = await world.OpenAsync(Ct);
        var id = await world.BackUpAsync(repository, Disks.Of(1, 2), null, Ct);
        var path = Path.Combine(world.Folder, "points", id.ToString());
        var bytes = await File.ReadAllBytesAsync(path, Ct);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Ct);
        world.Clock.Move(Day);
        var error = await Should.ThrowAsync<EngineException>(() => CollectAsync(repository));
        error.Fault.ShouldBe(Fault.Corrupt);
        error.Subject.ShouldBe($"points/{id}");
        (await world.ListAsync("epochs/", Ct)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_missing_pack_ends_the_run_before_anything_is_condemned_or_is_reported_when_asked()
    {
        await using var repository = await world.OpenAsync(Ct);
        await world.BackUpAsync(repository, Disks.Of(1, 2), null, Ct);
        var pack = (await world.ListAsync("packs/", Ct)).MaxBy(p => p.Length)!;
        File.Delete(Path.Combine(world.Folder, pack.Name.Value));
        world.Clock.Move(Day);
        (await Should.ThrowAsync<EngineException>(() => CollectAsync(repository))).Fault.ShouldBe(Fault.MissingData);
        var result = await Collector.RunAsync(repository, new CollectPolicy { ReportMissingData = true }, new CollectProgress(), Ct);
        result.Findings.ShouldNotBeEmpty();
        (await world.ListAsync("epochs/", Ct)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(31 * 24)]
    public async Task A_clock_that_jumps_stops_the_run(int hours)
    {
        await using var repository = await world.OpenAsync(Ct);
        await world.BackUpAsync(repository, Disks.Of(1, 2), null, Ct);
        await CollectAsync(repository);
        // The machine's own clock stays where it was.
        await using var jumped = await world.OpenAsync(Ct, new ClockStore(new HyperBdr.Engine.Stores.FolderStore(world.Folder), Moved(hours)));
        await using var own = jumped;
        (await Should.ThrowAsync<EngineException>(() => CollectAsync(own))).Fault.ShouldBe(Fault.ClockJumped);
        (await world.ListAsync("epochs/", Ct)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_session_that_outlives_two_epochs_is_told_and_its_point_is_not_listed()
    {
        await using var writing = await world.OpenAsync(Ct);
        await using var collecting = await world.OpenAsync(Ct);
        await world.BackUpAsync(writing, Disks.Of(1), null, Ct);
        await using var session = await writing.BeginWriteAsync(new WriteRequest("web-2"), Ct);
        await using var source = new MemorySource(Disks.Of(2, 3));
        await session.AddDiskAsync("sda", source, null, Ct);
        await CollectAsync(collecting);
        await CollectAsync(collecting);
        (await Should.ThrowAsync<EngineException>(() => session.CommitAsync(Ct))).Fault.ShouldBe(Fault.SessionOutlived);
        (await writing.ListPointsAsync(Ct)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_session_whose_parent_is_deleted_before_its_commit_is_told_and_its_point_is_not_listed()
    {
        await using var repository = await world.OpenAsync(Ct);
        var disk = Disks.Of(1, 2, 3);
        var parent = await world.BackUpAsync(repository, disk, null, Ct);
        await using var session = await repository.BeginWriteAsync(new WriteRequest("web-1") { Parent = parent }, Ct);
        await using var source = new MemorySource(disk);
        await session.AddDiskAsync("sda", source, null, Ct);
        await Collector.DeletePointAsync(repository, parent, DeleteDanger.LastGoodPoint, Ct);
        (await Should.ThrowAsync<EngineException>(() => session.CommitAsync(Ct))).Fault.ShouldBe(Fault.SessionOutlived);
        (await repository.ListPointsAsync(Ct)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_index_object_that_comes_late_does_not_bring_a_deleted_pack_back()
    {
        await using var repository = await world.OpenAsync(Ct);
        var disk = Disks.Of(1, 2, 3, 4);
        var first = await world.BackUpAsync(repository, disk, null, Ct);
        await world.BackUpAsync(repository, Disks.Of(9), null, Ct);
        var late = (await world.ListAsync("index/", Ct)).ToDictionary(b => b.Name.Value, b => File.ReadAllBytes(Path.Combine(world.Folder, b.Name.Value)));
        await Collector.DeletePointAsync(repository, first, DeleteDanger.None, Ct);
        world.Published.TryRemove(first, out _);
        for (var i = 0; i < 3; i++)
        {
            world.Clock.Move(Day);
            await CollectAsync(repository);
        }

        // As a machine would that slept between a pack and its index object.
        foreach (var (name, bytes) in late.Where(o => !File.Exists(Path.Combine(world.Folder, o.Key)))) await repository.Store.PutAsync(new HyperBdr.Engine.Stores.BlobName(name), bytes, Ct);
        await world.BackUpAsync(repository, disk, null, Ct);
        await world.MustRestoreAsync(Ct);
        world.Clock.Move(Day);
        await CollectAsync(repository);
        await MustBeCleanAsync(repository);
    }

    [Fact]
    public async Task The_last_good_point_of_a_host_is_deleted_only_with_the_danger_named()
    {
        await using var repository = await world.OpenAsync(Ct);
        var id = await world.BackUpAsync(repository, Disks.Of(1), null, Ct);
        await world.BackUpAsync(repository, Disks.Of(2), null, Ct, "web-2");
        (await Should.ThrowAsync<EngineException>(() => Collector.DeletePointAsync(repository, id, DeleteDanger.None, Ct))).Fault.ShouldBe(Fault.Protected);
        await Collector.DeletePointAsync(repository, id, DeleteDanger.LastGoodPoint, Ct);
        (await repository.ListPointsAsync(Ct)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Many_small_index_objects_become_few_and_old_epochs_go()
    {
        await using var repository = await world.OpenAsync(Ct);
        PointId? parent = null;
        for (var i = 0; i < 12; i++) parent = await world.BackUpAsync(repository, Disks.Of(1, 2, 100 + i), parent, Ct);
        (await world.ListAsync("index/", Ct)).Count.ShouldBe(12);
        for (var i = 0; i < 11; i++) await Collector.RunAsync(repository, new CollectPolicy { MostSmallIndexObjects = 8 }, new CollectProgress(), Ct);
        (await world.ListAsync("index/", Ct)).Count.ShouldBe(1);
        (await world.ListAsync("epochs/", Ct)).Count.ShouldBe(8);
        await world.MustRestoreAsync(Ct);
    }

    [Fact]
    public async Task A_collection_cut_at_any_store_call_loses_nothing_and_later_ones_clean_up()
    {
        world.Dispose();
        world = await World.CreateAsync(Ct, inMemory: true);
        await using (var repository = await world.OpenAsync(Ct))
        {
            PointId? parent = null;
            for (var i = 0; i < 4; i++) parent = await world.BackUpAsync(repository, Disks.Of(1, 2, 3, 20 + i, 30 + i, 40 + i), parent, Ct);
        }

        var (cuts, deleted) = (0, 0);
        for (var call = 1; ; call++)
        {
            var ended = 0;
            foreach (var after in (bool[])[false, true])
            {
                await ChurnAsync(call * 2 + (after ? 1 : 0));
                if (await CutAsync(call, after)) ended++;
                else cuts++;
                await world.MustRestoreAsync(Ct);
                world.Clock.Move(Day);
                await using var healed = await world.OpenAsync(Ct);
                deleted += (await CollectAsync(healed)).DeletedPacks;
            }

            if (ended == 2) break;
        }

        cuts.ShouldBeGreaterThan(100);
        deleted.ShouldBeGreaterThan(cuts / 2);
        TestContext.Current.TestOutputHelper!.WriteLine($"{cuts} cuts, {deleted} packs deleted");
        await world.MustRestoreAsync(Ct);
        await using var last = await world.OpenAsync(Ct);
        for (var i = 0; i < 4; i++)
        {
            world.Clock.Move(Day);
            await CollectAsync(last);
        }

        await MustBeCleanAsync(last);
    }

    // A point more, a point less: so that each run has something to condemn, to compact and to delete.
    private async Task ChurnAsync(int seed)
    {
        await using var repository = await world.OpenAsync(Ct);
        await world.BackUpAsync(repository, Disks.Random(new Random(seed), 5, 40), null, Ct);
        var oldest = (await repository.ListPointsAsync(Ct))[0].Id;
        await Collector.DeletePointAsync(repository, oldest, DeleteDanger.None, Ct);
        world.Published.TryRemove(oldest, out _);
        world.Clock.Move(Day);
    }

    private async Task<bool> CutAsync(int call, bool after)
    {
        // What opening takes, so that the cut is in the run.
        var counted = new CutStore(world.NewStore(), int.MaxValue, afterEffect: false);
        await (await world.OpenAsync(Ct, counted)).DisposeAsync();
        var cut = new CutStore(world.NewStore(), counted.Calls + call, after);
        await using var repository = await world.OpenAsync(Ct, cut);
        try
        {
            await CollectAsync(repository);
            return true;
        }
        catch (EngineException e) when (e.Fault == Fault.StoreFailed)
        {
            return false;
        }
    }

    private static Task<CollectResult> CollectAsync(Repository repository) => Collector.RunAsync(repository, new CollectPolicy(), new CollectProgress(), Ct);

    /// <summary>Every point comes back, and nothing is stored that no point needs.</summary>
    private async Task MustBeCleanAsync(Repository repository)
    {
        await world.MustRestoreAsync(Ct);
        var result = await Verifier.RunAsync(repository, new VerifyOptions(), new VerifyProgress(), Ct);
        result.IsWhole.ShouldBeTrue(string.Join('\n', result.Findings));
        result.UnindexedPacks.ShouldBe(0);
        (await CollectAsync(repository)).ShouldSatisfyAllConditions(r => r.Condemned.ShouldBe(0), r => r.Waiting.ShouldBe(0), r => r.DeletedPacks.ShouldBe(0));
    }

    private async Task<long> BytesAsync() => (await world.ListAsync("packs/", Ct)).Sum(p => p.Length);

    private MovedClock Moved(int hours)
    {
        var clock = new MovedClock();
        clock.Move(world.Clock.GetUtcNow() - clock.GetUtcNow() + TimeSpan.FromHours(hours));
        return clock;
    }
}
