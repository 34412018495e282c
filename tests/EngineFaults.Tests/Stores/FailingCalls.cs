using HyperBdr.Engine;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using Shouldly;
using Xunit;

namespace HyperBdr.EngineFaults.Tests.Stores;

/// <summary>Every call on the store fails once before and once after its effect.</summary>
public sealed class FailingCalls : IAsyncLifetime
{
    private const int DiskBytes = 6 * 1024 * 1024;
    private History history = null!;
    private Job full = null!;
    private Job increment = null!;
    private long firstPoint;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        history = await History.CreateAsync(Ct);
        var earlier = history.Disk("earlier", 1, 2 * 1024 * 1024);
        await using (var repository = await history.OpenAsync(Ct)) await History.BackUpAsync(repository, new Job("one", "earlier", earlier), Ct);
        firstPoint = PackBytes();
        var disk = history.Disk("full", 2, DiskBytes);
        var (later, changed) = history.Changed("increment", disk, 3, 20);
        full = new Job("two", "full", disk);
        increment = new Job("two", "increment", later, Changed: changed);
    }

    public ValueTask DisposeAsync()
    {
        history.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(FaultWhen.Before)]
    [InlineData(FaultWhen.After)]
    public async Task A_session_succeeds_or_fails_as_a_whole_whichever_call_fails(FaultWhen when)
    {
        var prepared = history.Save();
        var (calls, stored) = await CountAsync();
        calls.ShouldBeGreaterThan(30);
        history.Load(prepared);
        // The last packs and index objects may be put in another order, so that a run may take a call or two more than was counted.
        var survived = new List<int>();
        for (var number = 1; number <= calls + 2; number++)
        {
            history.Load(prepared);
            var failed = await FailsAsync(FaultyStore.Nth(number, when), WriteAsync);
            if (failed is null) survived.Add(number);
            else failed.ShouldBe(Fault.StoreUnavailable, $"call {number}");
            await MustGoOnAsync(stored);
        }

        // Beyond the end; and the answer 'not there' to a read of the next key, which is not lost on its way.
        survived.Count.ShouldBeLessThanOrEqualTo(8, string.Join(' ', survived));
    }

    [Fact]
    public async Task A_session_over_a_store_that_fails_at_random_comes_through_with_retries()
    {
        var prepared = history.Save();
        for (var seed = 0; seed < Scale.Runs(10, 200); seed++)
        {
            history.Load(prepared);
            var faulty = new FaultyStore(history.NewStore(), FaultyStore.Seeded(seed, 0.2), TimeProvider.System);
            await using (var repository = await history.OpenAsync(Ct, new RetryingStore(faulty, new RetryPolicy(50, TimeSpan.Zero, TimeSpan.Zero), TimeProvider.System)))
            {
                await WriteAsync(repository);
                (await history.MustRestoreAsync(repository, Ct)).Order().ShouldBe(["earlier", "full", "increment"]);
            }

            await using var healed = await history.OpenAsync(Ct);
            (await history.MustRestoreAsync(healed, Ct)).Count.ShouldBe(3);
        }
    }

    [Fact]
    public async Task A_failure_of_a_kind_that_nobody_foresaw_publishes_nothing()
    {
        var puts = 0;
        // The first pack is lost by a defect of a store, while others are stored well.
        var store = new DefectiveStore(history.NewStore(), name => name.Value.StartsWith("packs/", StringComparison.Ordinal) && Interlocked.Increment(ref puts) == 1);
        await using (var repository = await history.OpenAsync(Ct, store)) await Should.ThrowAsync<Exception>(() => History.BackUpAsync(repository, full, Ct));

        await using var healed = await history.OpenAsync(Ct);
        (await history.MustRestoreAsync(healed, Ct)).ShouldBe(["earlier"]);
    }

    [Theory]
    [InlineData(FaultWhen.Before)]
    [InlineData(FaultWhen.After)]
    public async Task A_restore_names_the_fault_or_comes_through_with_retries_whichever_read_fails(FaultWhen when)
    {
        await using (var repository = await history.OpenAsync(Ct)) await WriteAsync(repository);
        var counting = new FaultyStore(history.NewStore(), _ => null, TimeProvider.System);
        await using (var repository = await history.OpenAsync(Ct, counting)) await history.MustRestoreAsync(repository, Ct);
        var survived = new List<int>();
        for (var number = 1; number <= counting.Attempts; number++)
        {
            var failed = await FailsAsync(FaultyStore.Nth(number, when), repository => history.MustRestoreAsync(repository, Ct));
            if (failed is null) survived.Add(number);
            else failed.ShouldBe(Fault.StoreUnavailable, $"call {number}");
            var faulty = new FaultyStore(history.NewStore(), FaultyStore.Nth(number, when), TimeProvider.System);
            await using var retrying = await history.OpenAsync(Ct, new RetryingStore(faulty, new RetryPolicy(2, TimeSpan.Zero, TimeSpan.Zero), TimeProvider.System));
            (await history.MustRestoreAsync(retrying, Ct)).Count.ShouldBe(3);
        }

        // The answer 'not there' to a read of the next key is not lost on its way.
        survived.Count.ShouldBeLessThanOrEqualTo(when == FaultWhen.After ? 3 : 0, string.Join(' ', survived));
    }

    [Fact]
    public async Task Torn_and_short_reads_never_give_wrong_bytes()
    {
        await using (var repository = await history.OpenAsync(Ct)) await WriteAsync(repository);
        var counting = new FaultyStore(history.NewStore(), _ => null, TimeProvider.System);
        await using (var repository = await history.OpenAsync(Ct, counting)) await history.MustRestoreAsync(repository, Ct);
        for (var number = 1; number <= counting.Attempts; number++)
        {
            var at = number;
            var torn = new FaultyStore(history.NewStore(), a => a.Number == at ? new StoreTrouble(null, FaultWhen.After, Torn: true) : null, TimeProvider.System);
            await RestoresOrFailsAsync(torn);
            await RestoresOrFailsAsync(new ShortReads(history.NewStore(), number));
        }
    }

    [Theory]
    [InlineData(FaultWhen.Before)]
    [InlineData(FaultWhen.After)]
    public async Task A_place_that_is_half_prepared_can_be_prepared_again(FaultWhen when)
    {
        history.Load([]);
        var counting = new FaultyStore(history.NewStore(), _ => null, TimeProvider.System);
        await history.InitAsync(counting, Ct);
        for (var number = 1; number <= counting.Attempts; number++)
        {
            history.Load([]);
            (await Should.ThrowAsync<EngineException>(() => history.InitAsync(new FaultyStore(history.NewStore(), FaultyStore.Nth(number, when), TimeProvider.System), Ct))).Fault.ShouldBe(Fault.StoreUnavailable);
            // After the last effect it is a repository, though its maker does not know it.
            if (!history.Blobs.ByName.ContainsKey(RepositoryConfig.Name)) await history.InitAsync(history.NewStore(), Ct);
            await using var repository = await history.OpenAsync(Ct);
            await History.BackUpAsync(repository, full, Ct);
            (await history.MustRestoreAsync(repository, Ct)).ShouldBe(["full"]);
        }
    }

    private async Task<(int Calls, long Stored)> CountAsync()
    {
        var counting = new FaultyStore(history.NewStore(), _ => null, TimeProvider.System);
        var packs = PackBytes();
        await using (var repository = await history.OpenAsync(Ct, counting)) await WriteAsync(repository);
        return (counting.Attempts, PackBytes() - packs);
    }

    private async Task<Fault?> FailsAsync(Func<StoreAttempt, StoreTrouble?> plan, Func<Repository, Task> work)
    {
        try
        {
            await using var repository = await OpenOrDisposeAsync(new FaultyStore(history.NewStore(), plan, TimeProvider.System));
            await work(repository);
            return null;
        }
        catch (EngineException e)
        {
            return e.Fault;
        }
    }

    // The store heals: what was there comes back, a repeated session stores only what was not kept, and comes back too.
    private async Task MustGoOnAsync(long stored)
    {
        await using var repository = await history.OpenAsync(Ct);
        (await history.MustRestoreAsync(repository, Ct)).ShouldContain("earlier");
        var (before, kept) = (PackBytes(), repository.Index.Packs.Sum(p => (long)p.Length) - firstPoint);
        await WriteAsync(repository);
        var contents = await history.MustRestoreAsync(repository, Ct);
        contents.ShouldContain("full");
        contents.ShouldContain("increment");
        // What the broken session had indexed is used.
        (PackBytes() - before).ShouldBeLessThanOrEqualTo(stored - kept + 8192);
    }

    private async Task WriteAsync(Repository repository)
    {
        var parent = await History.BackUpAsync(repository, full, Ct);
        await History.BackUpAsync(repository, increment with { Parent = parent }, Ct);
    }

    private long PackBytes() => history.Blobs.ByName.Where(b => b.Key.StartsWith("packs/", StringComparison.Ordinal)).Sum(b => (long)b.Value.Length);

    private async Task<Repository> OpenOrDisposeAsync(IBlobStore store)
    {
        try
        {
            return await history.OpenAsync(Ct, store);
        }
        catch (EngineException)
        {
            await store.DisposeAsync();
            throw;
        }
    }

    private async Task RestoresOrFailsAsync(IBlobStore store)
    {
        try
        {
            await using var repository = await OpenOrDisposeAsync(store);
            await history.MustRestoreAsync(repository, Ct);
        }
        catch (EngineException)
        {
            // A clear fault; anything else, wrong bytes before all, ends the test.
        }
    }
}
