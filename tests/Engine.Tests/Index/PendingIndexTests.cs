using CsCheck;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Index;

public class PendingIndexTests
{
    [Fact]
    public void Of_many_callers_one_wins_each_chunk()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        var pending = new PendingIndex(index);
        var wins = new int[2000];
        Parallel.For(0, 8000, i =>
        {
            if (pending.TryAdd(Packed.Chunk(i % 2000))) Interlocked.Increment(ref wins[i % 2000]);
        });
        wins.ShouldAllBe(count => count == 1);
        pending.Count.ShouldBe(2000);
    }

    [Fact]
    public async Task A_chunk_is_found_when_stored_and_moves_to_the_index_with_its_object()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        var pending = new PendingIndex(index, limit: 3);
        var pack = Packed.Entry(1, 1, 2, 3);
        foreach (var (id, at) in Packed.Locations(pack))
        {
            pending.TryAdd(id).ShouldBeTrue();
            pending.TryFind(id, out _).ShouldBeFalse();
            pending.Complete(id, at);
            pending.TryFind(id, out var found).ShouldBeTrue();
            found.ShouldBe(at);
        }

        pending.IsFull.ShouldBeTrue();
        await pending.CommittedAsync("own", [pack], TestContext.Current.CancellationToken);
        pending.Count.ShouldBe(0);
        pending.TryAdd(Packed.Chunk(2)).ShouldBeFalse();
        pending.TryFind(Packed.Chunk(2), out var moved).ShouldBeTrue();
        moved.ShouldBe(Packed.Locations(pack).ElementAt(1).At);

        folder.Put("own", pack);
        await folder.SyncAsync(index);
        folder.Loads.ShouldBe(0);
    }

    [Fact]
    public async Task A_chunk_whose_only_pack_is_condemned_is_taken_again()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        folder.Put("a", Packed.Entry(1, 1, 2));
        await folder.SyncAsync(index);
        var pending = new PendingIndex(index);
        pending.TryAdd(Packed.Chunk(1)).ShouldBeFalse();
        index.Condemn(new HashSet<PackId> { Packed.Pack(1) });
        pending.TryAdd(Packed.Chunk(1)).ShouldBeTrue();
    }

    [Fact]
    public void An_abandoned_chunk_is_free_and_a_stored_one_is_not()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        var pending = new PendingIndex(index);
        var (id, at) = Packed.Locations(Packed.Entry(1, 1)).Single();
        pending.TryAdd(id).ShouldBeTrue();
        pending.Abandon(id);
        pending.TryAdd(id).ShouldBeTrue();
        pending.Complete(id, at);
        pending.Abandon(id);
        pending.TryAdd(id).ShouldBeFalse();
        Should.Throw<InvalidOperationException>(() => pending.Complete(id, at));
    }

    [Fact]
    public void The_table_answers_as_a_dictionary() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 300]).Array[0, 3000].Sample(steps =>
        {
            var table = new PendingTable();
            var model = new HashSet<int>();
            foreach (var (action, number) in steps)
            {
                if (action < 2) table.TryReserve(Packed.Chunk(number)).ShouldBe(model.Add(number));
                else
                {
                    table.Release(Packed.Chunk(number));
                    model.Remove(number);
                }
            }

            table.Count.ShouldBe(model.Count);
            for (var i = 0; i <= 300; i++) table.TryReserve(Packed.Chunk(i)).ShouldBe(!model.Contains(i));
        }, iter: 60);
}
