using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Stores.Validation;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Stores;

public sealed class DecoratorTests : IAsyncDisposable
{
    private static readonly BlobName Name = new("packs/one");
    private static readonly DateTimeOffset Monday = new(2026, 3, 2, 7, 0, 0, TimeSpan.Zero);
    private readonly ScratchFolder scratch = new();
    private readonly FolderStore folder;
    private readonly ManualTime time = new(Monday);

    public DecoratorTests() => folder = new FolderStore(scratch.Path);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await folder.DisposeAsync();
        scratch.Dispose();
    }

    public static TheoryData<string> Layers => ["retrying", "counting", "throttled", "throttled-to-one", "logging", "unlimited", "quick-rate", "faulty-without-trouble", "stack"];

    [Theory]
    [MemberData(nameof(Layers))]
    public Task Every_layer_keeps_the_contract(string layer) => ContractRun.HoldsAsync(Layer(layer), StoreContractOptions.Quick with { LargeBytes = 1 << 20 });

    [Fact]
    public async Task Retries_hide_a_store_that_fails_a_fifth_of_its_calls_before_or_after_their_effect()
    {
        var faulty = new FaultyStore(folder, FaultyStore.Seeded(7, 0.2), TimeProvider.System);
        var store = new RetryingStore(faulty, new RetryPolicy(100, TimeSpan.Zero, TimeSpan.Zero), TimeProvider.System);
        var retries = 0;
        store.Retried += (_, _, _) => Interlocked.Increment(ref retries);
        // A put whose answer was lost reports AlreadyThere when repeated, and in a race the winner may not know that it won.
        for (var i = 0; i < 200; i++)
        {
            var (name, content) = (new BlobName($"retried/{i}"), BitConverter.GetBytes(i));
            await store.PutAsync(name, content, Ct);
            var into = new byte[8];
            (await store.ReadAsync(name, 0, into, Ct)).ShouldBe(4);
            into.AsSpan(0, 4).SequenceEqual(content).ShouldBeTrue();
        }

        var listed = await store.ListAsync("retried/", Ct).ToListAsync(Ct);
        listed.Select(b => b.Name).Distinct().Count().ShouldBe(200);
        listed.Count.ShouldBe(200);
        retries.ShouldBeGreaterThan(50);
    }

    [Theory]
    [InlineData(FaultWhen.Before)]
    [InlineData(FaultWhen.After)]
    public async Task A_listing_that_breaks_off_goes_on_without_naming_anything_twice(FaultWhen when)
    {
        for (var i = 0; i < 5; i++) await folder.PutAsync(new BlobName($"l/{i}"), new byte[1], Ct);
        var store = new RetryingStore(new FaultyStore(folder, FaultyStore.Nth(1, when), time), new RetryPolicy(2, TimeSpan.Zero, TimeSpan.Zero), time);
        (await store.ListAsync("l/", Ct).ToListAsync(Ct)).Select(b => b.Name.LastPart).Order(StringComparer.Ordinal).ShouldBe(["0", "1", "2", "3", "4"]);
    }

    [Theory]
    [InlineData(Fault.StoreRefused)]
    [InlineData(Fault.StoreFull)]
    [InlineData(Fault.StoreFailed)]
    [InlineData(Fault.StoreLies)]
    [InlineData(Fault.NotFound)]
    [InlineData(Fault.NameTaken)]
    public async Task Only_an_unavailable_store_is_tried_again(Fault fault)
    {
        var faulty = new FaultyStore(folder, _ => new StoreTrouble(fault, FaultWhen.Before), time);
        (await Should.ThrowAsync<EngineException>(() => new RetryingStore(faulty, RetryPolicy.Default, time).FindAsync(Name, Ct))).Fault.ShouldBe(fault);
        faulty.Attempts.ShouldBe(1);
    }

    [Fact]
    public async Task Pauses_double_up_to_their_limit_and_end()
    {
        var faulty = new FaultyStore(folder, _ => new StoreTrouble(Fault.StoreUnavailable, FaultWhen.Before), time);
        var store = new RetryingStore(faulty, new RetryPolicy(6, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)), time);
        var pauses = new List<TimeSpan>();
        store.Retried += (_, _, pause) => pauses.Add(pause);
        var find = store.FindAsync(Name, Ct);
        var took = await time.RunAsync(find);
        (await Should.ThrowAsync<EngineException>(() => find)).Fault.ShouldBe(Fault.StoreUnavailable);
        faulty.Attempts.ShouldBe(6);
        pauses.Sum(p => p.TotalSeconds).ShouldBe(took.TotalSeconds, 0.01);
        foreach (var (pause, end) in pauses.Zip([1.0, 2, 4, 5, 5])) pause.TotalSeconds.ShouldBeInRange(end / 2, end);
    }

    [Fact]
    public async Task A_cancelled_caller_does_not_wait_for_the_pause()
    {
        var store = new RetryingStore(new FaultyStore(folder, _ => new StoreTrouble(Fault.StoreUnavailable, FaultWhen.Before), time), RetryPolicy.Default, time);
        using var cancel = new CancellationTokenSource();
        var find = store.FindAsync(Name, cancel.Token);
        await time.SomebodyWaitsAsync();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => find);
    }

    [Fact]
    public async Task Ten_mebibytes_at_one_a_second_take_nine_seconds_beyond_the_first()
    {
        var store = new RateLimitedStore(folder, RatePlan.Always(new Rate(1 << 20, null)), time);
        time.Advance(TimeSpan.FromHours(1));
        var puts = PutAllAsync(store, 10);
        (await time.RunAsync(puts)).TotalSeconds.ShouldBeInRange(8.9, 9.1);
        await puts;
        (await time.RunAsync(store.ReadAsync(new BlobName("rated/0"), 0, new byte[1 << 20], Ct))).ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void The_rate_follows_the_week_in_the_stated_zone()
    {
        var berlin = TimeZoneInfo.CreateCustomTimeZone("plus-one", TimeSpan.FromHours(1), null, null);
        var office = new RateWindow(new HashSet<DayOfWeek> { DayOfWeek.Monday, DayOfWeek.Friday }, new TimeOnly(8, 0), new TimeOnly(18, 0), new Rate(10 << 20, 5 << 20));
        var night = new RateWindow(new HashSet<DayOfWeek> { DayOfWeek.Friday }, new TimeOnly(22, 0), new TimeOnly(6, 0), new Rate(1 << 20, null));
        var plan = new RatePlan(berlin, [office, night], Rate.Unlimited);
        plan.At(Monday).ShouldBe(office.Rate);
        plan.At(Monday.AddTicks(-1)).ShouldBe(Rate.Unlimited);
        plan.At(Monday.AddHours(10)).ShouldBe(Rate.Unlimited);
        plan.At(Monday.AddHours(10).AddTicks(-1)).ShouldBe(office.Rate);
        plan.At(Monday.AddDays(1)).ShouldBe(Rate.Unlimited);
        plan.At(Monday.AddDays(4).AddHours(14)).ShouldBe(night.Rate);
        plan.At(Monday.AddDays(4).AddHours(21)).ShouldBe(night.Rate);
        plan.At(Monday.AddDays(4).AddHours(22)).ShouldBe(Rate.Unlimited);
    }

    [Fact]
    public async Task A_new_plan_frees_those_who_wait_under_the_old_one()
    {
        var store = new RateLimitedStore(folder, RatePlan.Always(new Rate(1024, null)), time);
        var put = store.PutAsync(Name, new byte[1 << 20], Ct);
        await time.SomebodyWaitsAsync();
        put.IsCompleted.ShouldBeFalse();
        store.Plan = RatePlan.Always(Rate.Unlimited);
        (await put).ShouldBe(PutOutcome.Created);
    }

    [Fact]
    public async Task The_end_of_a_window_frees_those_who_wait_in_it()
    {
        var window = new RateWindow(new HashSet<DayOfWeek> { DayOfWeek.Monday }, new TimeOnly(6, 0), new TimeOnly(7, 1), new Rate(1024, null));
        var store = new RateLimitedStore(folder, new RatePlan(TimeZoneInfo.Utc, [window], Rate.Unlimited), time);
        (await time.RunAsync(store.PutAsync(Name, new byte[1 << 20], Ct))).ShouldBe(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task No_more_calls_than_places_run_at_once()
    {
        var (running, most) = (0, 0);
        using var barrier = new SemaphoreSlim(0);
        var gauge = new GaugeStore(folder, async () =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref running));
            await barrier.WaitAsync(Ct);
            Interlocked.Decrement(ref running);
        });
        var store = new ThrottledStore(gauge, 3);
        var calls = Enumerable.Range(0, 20).Select(_ => store.FindAsync(Name, Ct)).ToList();
        Volatile.Read(ref running).ShouldBe(3);
        barrier.Release(20);
        await Task.WhenAll(calls);
        most.ShouldBe(3);
    }

    [Fact]
    public async Task A_read_only_store_reads_and_refuses_the_rest()
    {
        await folder.PutAsync(Name, new byte[] { 1 }, Ct);
        var store = new ReadOnlyStore(folder);
        (await Should.ThrowAsync<EngineException>(() => store.PutAsync(Name, new byte[] { 1 }, Ct))).Fault.ShouldBe(Fault.StoreRefused);
        (await Should.ThrowAsync<EngineException>(() => store.DeleteAsync(Name, Ct))).Fault.ShouldBe(Fault.StoreRefused);
        (await store.ReadAsync(Name, 0, new byte[1], Ct)).ShouldBe(1);
    }

    [Fact]
    public async Task Counts_are_exact()
    {
        var store = new CountingStore(folder);
        await store.PutAsync(Name, new byte[10], Ct);
        await store.ReadAsync(Name, 4, new byte[100], Ct);
        await store.ListAsync("", Ct).ToListAsync(Ct);
        (store.Calls(StoreCall.Put), store.Amount(StoreCall.Put), store.Calls(StoreCall.Read), store.Amount(StoreCall.Read), store.Amount(StoreCall.List), store.Calls(StoreCall.Delete)).ShouldBe((1, 10, 1, 6, 1, 0));
    }

    [Theory]
    [InlineData(FaultWhen.Before, false)]
    [InlineData(FaultWhen.After, true)]
    public async Task A_faulty_put_fails_before_or_after_its_effect(FaultWhen when, bool there)
    {
        var store = new FaultyStore(folder, FaultyStore.Nth(1, when, Fault.StoreFailed), time);
        (await Should.ThrowAsync<EngineException>(() => store.PutAsync(Name, new byte[1], Ct))).Fault.ShouldBe(Fault.StoreFailed);
        (await store.FindAsync(Name, Ct) is not null).ShouldBe(there);
    }

    [Fact]
    public async Task A_torn_read_fails_though_it_wrote_into_memory()
    {
        await folder.PutAsync(Name, new byte[] { 1, 1, 1, 1 }, Ct);
        var store = new FaultyStore(folder, _ => new StoreTrouble(null, FaultWhen.After, Torn: true), time);
        var into = new byte[4];
        (await Should.ThrowAsync<EngineException>(() => store.ReadAsync(Name, 0, into, Ct))).Fault.ShouldBe(Fault.StoreUnavailable);
        into.ShouldBe([1, 1, 0, 0]);
    }

    [Fact]
    public async Task Failures_are_logged_with_their_code()
    {
        var logger = new ListLogger();
        await Should.ThrowAsync<EngineException>(() => new LoggingStore(folder, logger, time).ReadAsync(Name, 0, new byte[1], Ct));
        logger.Lines.ShouldHaveSingleItem().ShouldStartWith("Warning 7001 Read packs/one failed with engine.object.not_found");
    }

    private static async Task PutAllAsync(RateLimitedStore store, int count)
    {
        for (var i = 0; i < count; i++) await store.PutAsync(new BlobName($"rated/{i}"), new byte[1 << 20], Ct);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); seen < value;) seen = Interlocked.CompareExchange(ref most, value, seen);
    }

    private IBlobStore Layer(string name) => name switch
    {
        "retrying" => new RetryingStore(folder, RetryPolicy.Default, TimeProvider.System),
        "counting" => new CountingStore(folder),
        "throttled" => new ThrottledStore(folder, 4),
        "throttled-to-one" => new ThrottledStore(folder, 1),
        "logging" => new LoggingStore(folder, NullLogger.Instance, TimeProvider.System),
        "unlimited" => new RateLimitedStore(folder, RatePlan.Always(Rate.Unlimited), TimeProvider.System),
        "quick-rate" => new RateLimitedStore(folder, RatePlan.Always(new Rate(1L << 33, 1L << 33)), TimeProvider.System),
        "faulty-without-trouble" => new FaultyStore(folder, _ => null, TimeProvider.System),
        _ => StoreStack.Build(folder, new StoreStackOptions { Logger = NullLogger.Instance, Rates = RatePlan.Always(Rate.Unlimited) }, TimeProvider.System).Store,
    };

    private sealed class GaugeStore(IBlobStore inner, Func<Task> during) : StoreDecorator(inner)
    {
        public override async Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct)
        {
            await during();
            return null;
        }
    }

    private sealed class ListLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add($"{logLevel} {eventId.Id} {formatter(state, exception)}");
    }
}
