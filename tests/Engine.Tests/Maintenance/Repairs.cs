using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Points;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Maintenance;

public sealed class Repairs : IAsyncLifetime
{
    private World world = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => world = await World.CreateAsync(Ct);

    public ValueTask DisposeAsync()
    {
        world.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Without_any_index_object_everything_comes_back_from_the_packs_alone()
    {
        await FillAsync(6);
        foreach (var file in Directory.GetFiles(Path.Combine(world.Folder, "index"))) File.Delete(file);
        await using var repository = await world.OpenAsync(Ct);
        var result = await IndexRebuilder.RunAsync(repository, new VerifyProgress(), Ct);
        result.PacksAdded.ShouldBe((await world.ListAsync("packs/", Ct)).Count);
        result.Findings.ShouldBeEmpty();
        await world.MustRestoreAsync(Ct);
        (await Verifier.RunAsync(repository, new VerifyOptions(), new VerifyProgress(), Ct)).IsWhole.ShouldBeTrue();
        (await IndexRebuilder.RunAsync(repository, new VerifyProgress(), Ct)).PacksAdded.ShouldBe(0);
    }

    [Fact]
    public async Task A_damaged_index_object_is_set_aside_and_its_packs_are_listed_anew()
    {
        await FillAsync(3);
        var damaged = (await world.ListAsync("index/", Ct))[1].Name;
        await FlipAsync(damaged.Value, 90);
        await using (var broken = await world.OpenAsync(Ct)) (await Should.ThrowAsync<EngineException>(() => broken.BeginWriteAsync(new HyperBdr.Engine.Repositories.WriteRequest("web-1"), Ct))).Fault.ShouldBe(Fault.Corrupt);
        await using var repository = await world.OpenAsync(Ct);
        var result = await IndexRebuilder.RunAsync(repository, new VerifyProgress(), Ct);
        result.Quarantined.ShouldBe([damaged.Value]);
        (await world.ListAsync("quarantine/index/", Ct)).Count.ShouldBe(1);
        await world.MustRestoreAsync(Ct);
    }

    [Fact]
    public async Task A_pack_with_a_damaged_directory_is_reported_and_the_others_are_listed()
    {
        await FillAsync(3);
        var pack = (await world.ListAsync("packs/", Ct)).MaxBy(p => p.Length)!;
        await FlipAsync(pack.Name.Value, (int)pack.Length - 20);
        foreach (var file in Directory.GetFiles(Path.Combine(world.Folder, "index"))) File.Delete(file);
        await using var repository = await world.OpenAsync(Ct);
        var result = await IndexRebuilder.RunAsync(repository, new VerifyProgress(), Ct);
        result.Findings.Single().Subject.ShouldBe(pack.Name.Value);
        result.PacksAdded.ShouldBe((await world.ListAsync("packs/", Ct)).Count - 1);
    }

    [Fact]
    public async Task A_repair_saves_the_intact_blobs_names_what_is_lost_and_the_next_full_backup_stores_it_anew()
    {
        var disk = Disks.Of(1, 2, 3, 4, 5, 6, 7, 8);
        await using var repository = await world.OpenAsync(Ct);
        var first = await world.BackUpAsync(repository, disk, null, Ct);
        var other = await world.BackUpAsync(repository, Disks.Of(50, 51), null, Ct, "web-2");
        var pack = (await world.ListAsync("packs/", Ct)).MaxBy(p => p.Length)!;
        await FlipAsync(pack.Name.Value, 200_000);

        var result = await Repairer.RunAsync(repository, new VerifyProgress(), Ct);

        result.LostBlobs.ShouldBe(1);
        result.Salvaged.ShouldBeGreaterThan(1);
        result.Quarantined.ShouldBe([pack.Name.Value]);
        var lost = result.Lost.Single();
        lost.ShouldSatisfyAllConditions(l => l.Point.ShouldBe(first), l => l.Disk.ShouldBe("sda"), l => l.LostBytes.ShouldBeInRange(1, 262_144), l => l.Ranges.Count.ShouldBe(1));
        (await world.ListAsync("quarantine/packs/", Ct)).Single().Length.ShouldBe(pack.Length);
        // Repair again: nothing more is lost, nothing is listed that is damaged.
        (await Repairer.RunAsync(repository, new VerifyProgress(), Ct)).ShouldSatisfyAllConditions(r => r.Salvaged.ShouldBe(0), r => r.Lost.Single().LostBytes.ShouldBe(lost.LostBytes));

        // The same content again: what was lost is stored, and so the damaged point is whole as well.
        await world.BackUpAsync(repository, disk, null, Ct);
        await world.MustRestoreAsync(Ct);
        (await Verifier.RunAsync(repository, new VerifyOptions(), new VerifyProgress(), Ct)).IsWhole.ShouldBeTrue();
        world.Published.ShouldContainKey(other);
        for (var i = 0; i < 4; i++)
        {
            world.Clock.Move(TimeSpan.FromHours(25));
            await Collector.RunAsync(repository, new CollectPolicy(), new CollectProgress(), Ct);
        }

        (await world.ListAsync("packs/", Ct)).ShouldNotContain(p => p.Name == pack.Name);
        await world.MustRestoreAsync(Ct);
    }

    [Fact]
    public async Task Scrubs_come_round_to_every_pack_and_find_what_is_damaged()
    {
        await FillAsync(5);
        var packs = await world.ListAsync("packs/", Ct);
        var pack = packs.MaxBy(p => p.Length)!;
        await FlipAsync(pack.Name.Value, 70_000);
        await using var repository = await world.OpenAsync(Ct);
        var (read, found) = (0L, 0);
        for (var run = 0; run < 4; run++)
        {
            var result = await Scrubber.RunAsync(repository, new ScrubOptions { Parts = 4 }, new VerifyProgress(), Ct);
            read += result.Packs;
            if (result.Findings.Any(f => f.Subject.StartsWith(pack.Name.Value, StringComparison.Ordinal))) found++;
        }

        read.ShouldBeGreaterThanOrEqualTo(packs.Count);
        found.ShouldBeInRange(1, 2);
    }

    [Fact]
    public void A_share_begins_after_the_cursor_and_goes_round()
    {
        List<PackId> packs = [.. Enumerable.Range(1, 10).Select(Pack)];
        var seen = new HashSet<PackId>();
        PackId? cursor = null;
        for (var run = 0; run < 4; run++)
        {
            (cursor, var chosen) = Scrubber.Choose([.. packs], cursor, 4);
            chosen.Count.ShouldBe(3);
            seen.UnionWith(chosen);
        }

        seen.Count.ShouldBe(10);
        Scrubber.Choose([.. packs], Pack(200), 10).Chosen.ShouldBe([Pack(1)]);
        Scrubber.Choose([], cursor, 3).Chosen.ShouldBeEmpty();
    }

    [Fact]
    public async Task Slots_are_added_and_removed_but_the_last_one_stays_and_a_new_seal_epoch_opens_from_every_slot()
    {
        using var second = RawKey.Create();
        await using (var repository = await world.OpenAsync(Ct))
        {
            await world.BackUpAsync(repository, Disks.Of(1, 2), null, Ct);
            var added = await KeyChanges.AddSlotAsync(repository, second, "second", Ct);
            (await KeyChanges.ListSlotsAsync(repository, Ct)).Select(s => (s.Label, s.IsGenuine)).ShouldBe([("test", true), ("second", true)], ignoreOrder: true);
            (await KeyChanges.RotateSealEpochAsync(repository, [second], Ct)).ShouldBe(2u);
            // The ring at hand does not have the new epoch's secret, so nobody else's rotation is overwritten.
            (await Should.ThrowAsync<EngineException>(() => KeyChanges.RotateSealEpochAsync(repository, [], Ct))).Fault.ShouldBe(Fault.Busy);
            var slots = await KeyChanges.ListSlotsAsync(repository, Ct);
            slots.Count.ShouldBe(2);
            slots.ShouldNotContain(s => s.Name == added);
        }

        await using (var again = await world.OpenAsync(Ct))
        {
            again.Objects.Keys.SealEpoch.ShouldBe(2u);
            await world.BackUpAsync(again, Disks.Of(1, 2, 9), null, Ct);
            foreach (var slot in await KeyChanges.ListSlotsAsync(again, Ct))
            {
                if (slot.Label == "test") continue;
                await KeyChanges.RemoveSlotAsync(again, slot.Name, Ct);
            }

            var last = (await KeyChanges.ListSlotsAsync(again, Ct)).Single();
            (await Should.ThrowAsync<EngineException>(() => KeyChanges.RemoveSlotAsync(again, last.Name, Ct))).Fault.ShouldBe(Fault.Protected);
        }

        await world.MustRestoreAsync(Ct);
    }

    private static PackId Pack(int number)
    {
        var bytes = new byte[Hash256.Size];
        bytes[0] = (byte)number;
        return new PackId(new Hash256(bytes));
    }

    private async Task FillAsync(int points)
    {
        await using var repository = await world.OpenAsync(Ct);
        PointId? parent = null;
        for (var i = 0; i < points; i++) parent = await world.BackUpAsync(repository, Disks.Of(1, 2, 30 + i, 40 + i), parent, Ct);
    }

    private async Task FlipAsync(string name, int at)
    {
        var path = Path.Combine(world.Folder, name);
        var bytes = await File.ReadAllBytesAsync(path, Ct);
        bytes[at] ^= 4;
        await File.WriteAllBytesAsync(path, bytes, Ct);
    }
}
