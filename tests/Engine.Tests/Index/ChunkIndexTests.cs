using CsCheck;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Index;

public class ChunkIndexTests
{
    private const int Chunks = 400;

    [Fact]
    public void It_answers_as_a_dictionary_through_any_changes() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[0, 11], Gen.Int[0, Chunks - 1].Array[1, 120]).Array[1, 14].Sample(
            steps => RunAsync(steps).GetAwaiter().GetResult(), iter: 60, threads: 1);

    [Fact]
    public async Task Objects_of_one_chunk_each_end_in_few_segments_and_are_loaded_once()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        for (var i = 0; i < 60; i++)
        {
            folder.Put($"o{i}", Packed.Entry(i, i));
            await folder.SyncAsync(index);
            folder.SegmentPaths.Count().ShouldBeLessThanOrEqualTo(MergePlan.MaxSegments);
        }

        folder.Loads.ShouldBe(60);
        index.Count.ShouldBe(60);
    }

    [Fact]
    public async Task A_dropped_object_is_gone_before_anything_is_loaded()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        folder.Put("a", Packed.Entry(1, 1));
        await folder.SyncAsync(index);
        var stillThere = true;
        await index.SyncAsync(["b"], (_, _) =>
        {
            stillThere = index.TryFind(Packed.Chunk(1), out _) || folder.SegmentPaths.Any();
            return Task.FromResult(IndexObject.Encode([Packed.Entry(2, 2)]));
        }, TestContext.Current.CancellationToken);
        stillThere.ShouldBeFalse();
        index.TryFind(Packed.Chunk(2), out _).ShouldBeTrue();
    }

    [Fact]
    public async Task One_damaged_object_is_reported_after_all_others_are_covered()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        for (var i = 0; i < 5; i++) folder.Put($"o{i}", Packed.Entry(i, i));
        folder.Objects["o2"][20] ^= 1;
        folder.Objects["o2"] = folder.Objects["o2"][..^1];
        var fault = await Should.ThrowAsync<EngineException>(() => folder.SyncAsync(index));
        fault.Fault.ShouldBe(Fault.Corrupt);
        fault.Subject.ShouldBe("o2");
        index.Count.ShouldBe(4);
        folder.Put("o2", Packed.Entry(2, 2));
        await folder.SyncAsync(index);
        index.Count.ShouldBe(5);
    }

    [Fact]
    public async Task A_failed_load_ends_the_sync_with_its_own_exception_and_the_next_goes_on()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        folder.Put("a", Packed.Entry(1, 1));
        await Should.ThrowAsync<TimeoutException>(() => index.SyncAsync(["a"], (_, _) => throw new TimeoutException(), TestContext.Current.CancellationToken));
        await folder.SyncAsync(index);
        index.TryFind(Packed.Chunk(1), out _).ShouldBeTrue();
    }

    [Fact]
    public async Task A_second_opening_works_apart_and_leaves_nothing()
    {
        using var folder = new IndexFolder();
        folder.Put("a", Packed.Entry(1, 1));
        using (var first = folder.Open())
        {
            await folder.SyncAsync(first);
            using (var second = folder.Open())
            {
                (first.OwnsFolder, second.OwnsFolder).ShouldBe((true, false));
                await folder.SyncAsync(second);
                folder.Loads.ShouldBe(1);
                folder.Put("b", Packed.Entry(2, 2));
                await folder.SyncAsync(second);
                folder.Objects.Remove("a");
                await folder.SyncAsync(second);
                second.TryFind(Packed.Chunk(1), out _).ShouldBeFalse();
                second.TryFind(Packed.Chunk(2), out _).ShouldBeTrue();
                first.TryFind(Packed.Chunk(1), out _).ShouldBeTrue();
                first.TryFind(Packed.Chunk(2), out _).ShouldBeFalse();
            }

            Directory.EnumerateDirectories(folder.FolderPath).ShouldBeEmpty();
            folder.SegmentPaths.Count().ShouldBe(1);
        }

        using var again = folder.Open();
        again.OwnsFolder.ShouldBeTrue();
    }

    [Fact]
    public async Task The_folder_and_its_files_are_for_the_owner_only()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        folder.Put("a", Packed.Entry(1, 1));
        await folder.SyncAsync(index);
        File.GetUnixFileMode(folder.FolderPath).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var path in Directory.EnumerateFiles(folder.FolderPath)) File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task What_a_dead_process_left_goes_and_its_merge_counts_once()
    {
        using var folder = new IndexFolder();
        folder.Put("a", Packed.Entry(1, 1));
        folder.Put("b", Packed.Entry(2, 2));
        using (var index = folder.Open())
        {
            await index.SyncAsync(["a"], (name, _) => Task.FromResult(folder.Objects[name]), TestContext.Current.CancellationToken);
            var source = File.ReadAllBytes(folder.SegmentPaths.Single());
            await folder.SyncAsync(index);
            folder.SegmentPaths.Count().ShouldBe(1);
            File.WriteAllBytes(Path.Combine(folder.FolderPath, "0.hbis"), source);
            File.WriteAllBytes(Path.Combine(folder.FolderPath, "x.draft"), [1]);
        }

        var dead = Directory.CreateDirectory(Path.Combine(folder.FolderPath, "private-1"));
        File.WriteAllBytes(Path.Combine(dead.FullName, "owner.lock"), []);
        using var again = folder.Open();
        again.Count.ShouldBe(2);
        Directory.EnumerateFileSystemEntries(folder.FolderPath).Count().ShouldBe(2);
    }

    [Fact]
    public async Task Lookups_go_on_while_segments_are_merged()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        folder.Put("first", Packed.Entry(1000, Enumerable.Range(0, 500)));
        await folder.SyncAsync(index);
        using var over = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(reader => Task.Run(() =>
        {
            var found = 0;
            do
            {
                for (var i = 0; i < 500; i++) index.TryFind(Packed.Chunk(i), out _).ShouldBeTrue();
                found++;
            }
            while (!over.IsCancellationRequested);
            return found;
        })).ToArray();
        for (var i = 0; i < 60; i++)
        {
            folder.Put($"o{i}", Packed.Entry(i, Enumerable.Range(500 + (i * 20), 20)));
            await folder.SyncAsync(index);
        }

        await over.CancelAsync();
        (await Task.WhenAll(readers)).ShouldAllBe(found => found > 0);
    }

    [Fact]
    public async Task Marks_choose_one_place_and_count_it()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        folder.Put("a", Packed.Entry(1, 1, 2), Packed.Entry(2, 1, 2, 3, 4), Packed.Entry(3, 1, 2, 3, 4, 5, 6));
        await folder.SyncAsync(index);
        index.Condemn(new HashSet<PackId> { Packed.Pack(3) });
        using var marks = index.CreateMarks();
        foreach (var chunk in new[] { 1, 2, 5 })
        {
            marks.Mark(Packed.Chunk(chunk)).ShouldBeTrue();
            marks.Mark(Packed.Chunk(chunk)).ShouldBeFalse();
        }

        marks.Mark(Packed.Chunk(99)).ShouldBeFalse();
        marks.Contains(Packed.Chunk(99)).ShouldBeFalse();
        var live = marks.LivePerPack().ToDictionary(row => row.Pack.Id, row => row.LiveBlobs);
        live.ShouldBe(new Dictionary<PackId, long> { [Packed.Pack(1)] = 0, [Packed.Pack(2)] = 2, [Packed.Pack(3)] = 1 }, ignoreOrder: true);
        var second = folder.Objects.Values.SelectMany(bytes => IndexObject.Decode(bytes)).Single(pack => pack.Id == Packed.Pack(2));
        marks.LivePerPack().Single(row => row.Pack.Id == second.Id).LiveSealedBytes.ShouldBe(second.Blobs.Take(2).Sum(blob => (long)blob.SealedLength));
        marks.IsMarked(Packed.Chunk(1), Packed.Pack(2)).ShouldBeTrue();
        marks.IsMarked(Packed.Chunk(1), Packed.Pack(1)).ShouldBeFalse();
    }

    [Fact]
    public async Task Marks_outlive_the_segments_they_were_made_of()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        folder.Put("a", Packed.Entry(1, Enumerable.Range(0, 300)));
        await folder.SyncAsync(index);
        using var marks = index.CreateMarks();
        folder.Objects.Clear();
        await folder.SyncAsync(index);
        index.Count.ShouldBe(0);
        Parallel.For(0, 1200, i => marks.Mark(Packed.Chunk(i % 300)));
        marks.LivePerPack().Single().LiveBlobs.ShouldBe(300);
    }

    private static async Task RunAsync((int Action, int Number, int[] Chunks)[] steps)
    {
        using var folder = new IndexFolder();
        var model = new Dictionary<string, PackEntry[]>(StringComparer.Ordinal);
        var condemned = new HashSet<PackId>();
        var index = folder.Open();
        try
        {
            foreach (var (action, number, chunks) in steps)
            {
                var name = $"object{number}";
                switch (action)
                {
                    case 0 or 1:
                        // Objects are immutable: a name that was taken once keeps its packs; two objects share a pack now and then.
                        var fresh = chunks.Distinct().Chunk(40).Select((part, i) => Packed.Entry((number / 2 * 10) + i, Spread(number / 2, i))).ToArray();
                        if (!model.TryAdd(name, fresh)) break;
                        folder.Put(name, fresh);
                        if (action == 1) await index.AddOwnAsync(name, fresh, TestContext.Current.CancellationToken);
                        break;
                    case 2:
                        model.Remove(name);
                        folder.Objects.Remove(name);
                        break;
                    case 3:
                        condemned = [.. chunks.Take(5).Select(chunk => Packed.Pack(chunk % 60))];
                        index.Condemn(condemned);
                        break;
                    case 4:
                        index.Dispose();
                        index = folder.Open();
                        index.Condemn(condemned);
                        break;
                    default:
                        break;
                }

                await folder.SyncAsync(index);
                Compare(index, model, condemned);
            }
        }
        finally
        {
            index.Dispose();
        }
    }

    private static IEnumerable<int> Spread(int number, int part) => Enumerable.Range(0, 40).Select(i => ((number * 37) + (part * 11) + (i * 3)) % Chunks).Distinct();

    private static void Compare(ChunkIndex index, Dictionary<string, PackEntry[]> model, HashSet<PackId> condemned)
    {
        var packs = model.Values.SelectMany(list => list).DistinctBy(pack => pack.Id).OrderBy(pack => pack.Id).ToArray();
        var expected = packs.SelectMany(Packed.Locations).ToLookup(row => row.Id, row => row.At);
        for (var i = 0; i < Chunks; i++)
        {
            var id = Packed.Chunk(i);
            var all = index.FindAll(id).ToArray();
            all.ShouldBe(expected[id], ignoreOrder: true);
            var reusable = all.Where(at => !condemned.Contains(at.Pack)).ToArray();
            index.TryFind(id, out var at).ShouldBe(all.Length > 0);
            if (all.Length > 0) (reusable.Length > 0 ? reusable : all).ShouldContain(at);
            index.TryFindReusable(id, out at).ShouldBe(reusable.Length > 0);
            if (reusable.Length > 0) reusable.ShouldContain(at);
        }

        index.Entries().ShouldBe(expected.OrderBy(group => group.Key).SelectMany(group => group.OrderBy(at => at.Pack).Select(at => (group.Key, at))));
        index.Packs.ShouldBe(packs.Select(PackInfo.Of));
    }
}
