using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Points;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Maintenance;

/// <summary>Two writers, who also delete, and a collector or two, in orders that seeds decide.</summary>
public sealed class Interleavings
{
    private const int Stock = 14;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_point_that_was_called_published_comes_back_whatever_the_order_of_calls()
    {
        var seeds = Environment.GetEnvironmentVariable("LONG") == "1" ? 2500 : 120;
        var total = new Tally();
        await Parallel.ForAsync(0, seeds, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = Ct }, async (seed, _) => total.Add(await RunAsync(seed)));
        TestContext.Current.TestOutputHelper!.WriteLine(total.ToString());
        total.Outlived.ShouldBeGreaterThan(seeds / 10);
        total.Deleted.ShouldBeGreaterThan(seeds / 2);
        total.Published.ShouldBeGreaterThan(seeds * 2);
    }

    private static async Task<Tally> RunAsync(int seed)
    {
        using var world = await World.CreateAsync(Ct, inMemory: true);
        var random = new Random(seed);
        var scheduler = new Scheduler(seed);
        var tally = new Tally();
        await using (var first = await world.OpenAsync(Ct))
        {
            for (var i = 0; i < 3; i++) await world.BackUpAsync(first, Disks.Random(random, 4, Stock), null, Ct);
        }

        world.Clock.Move(TimeSpan.FromHours(25));
        var collectors = 1 + random.Next(2);
        List<Func<Task>> actors = [];
        for (var actor = 0; actor < 2 + collectors; actor++)
        {
            var (number, own) = (actor, new Random(random.Next()));
            var store = new ScheduledStore(world.NewStore(), scheduler, number);
            scheduler.Join(number, 1 + own.Next(6));
            actors.Add(async () =>
            {
                try
                {
                    if (number < 2) await WriteAsync(world, store, own, tally);
                    else await CollectAsync(world, store, tally);
                }
                finally
                {
                    scheduler.Leave(number);
                }
            });
        }

        await Task.WhenAll(actors.Select(a => Task.Run(a, Ct)));
        try
        {
            await world.MustRestoreAsync(Ct);
            await using var alone = await world.OpenAsync(Ct);
            for (var run = 0; run < 3; run++)
            {
                world.Clock.Move(TimeSpan.FromHours(25));
                await Collector.RunAsync(alone, new CollectPolicy(), new CollectProgress(), Ct);
            }

            await world.MustRestoreAsync(Ct);
        }
        catch (Exception e) when (e is EngineException or ShouldAssertException)
        {
            throw new InvalidOperationException($"seed {seed} after {scheduler.Steps} steps: {e.Message}", e);
        }

        return tally;
    }

    private static async Task WriteAsync(World world, ScheduledStore store, Random random, Tally tally)
    {
        await using var repository = await world.OpenAsync(Ct, store);
        for (var round = 0; round < 3; round++)
        {
            var points = (await repository.ListPointsAsync(Ct)).Where(p => p.Holds).ToList();
            PointId? parent = points.Count > 0 && random.Next(2) == 0 ? points[random.Next(points.Count)].Id : null;
            try
            {
                await world.BackUpAsync(repository, Disks.Random(random, 4, Stock), parent, Ct);
                tally.AddPublished();
            }
            catch (EngineException e) when (e.Fault is Fault.SessionOutlived or Fault.NotFound or Fault.MissingData or Fault.Corrupt)
            {
                // Too late, or the parent was deleted by the other writer: the session failed and said so.
                if (e.Fault == Fault.SessionOutlived) tally.AddOutlived();
            }

            if (points.Count == 0 || random.Next(3) > 0) continue;
            // The newest as often as the oldest: a parent that is in use, too.
            var gone = points[random.Next(points.Count)].Id;
            world.Published.TryRemove(gone, out _);
            await repository.Points.DeleteAsync(gone, Ct);
        }
    }

    private static async Task CollectAsync(World world, ScheduledStore store, Tally tally)
    {
        await using var repository = await world.OpenAsync(Ct, store);
        for (var run = 0; run < 5; run++)
        {
            try
            {
                var result = await Collector.RunAsync(repository, new CollectPolicy(), new CollectProgress(), Ct);
                tally.AddDeleted(result.DeletedPacks);
            }
            catch (EngineException e) when (e.Fault is Fault.Busy or Fault.NotFound or Fault.MissingData or Fault.Corrupt)
            {
                // The other collector was faster; or it met a point that a writer has just been refused and takes back.
            }

            world.Clock.Move(TimeSpan.FromHours(25));
        }
    }

    private sealed class Tally
    {
        private int published, outlived, deleted;

        public int Published => published;

        public int Outlived => outlived;

        public int Deleted => deleted;

        public void AddPublished() => Interlocked.Increment(ref published);

        public void AddOutlived() => Interlocked.Increment(ref outlived);

        public void AddDeleted(int packs) => Interlocked.Add(ref deleted, packs);

        public void Add(Tally other)
        {
            Interlocked.Add(ref published, other.published);
            Interlocked.Add(ref outlived, other.outlived);
            Interlocked.Add(ref deleted, other.deleted);
        }

        public override string ToString() => $"{published} published, {outlived} outlived, {deleted} packs deleted";
    }
}
