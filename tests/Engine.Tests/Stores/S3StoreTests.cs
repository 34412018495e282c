using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Stores.Validation;
using HyperBdr.S3Testing;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Stores;

public sealed class S3StoreTests : IAsyncLifetime
{
    private static readonly BlobName Name = new("packs/ab/one");
    private readonly byte[] large = new byte[(11 << 20) + 7];
    private S3Server server = null!;
    private S3Store store = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        new Random(5).NextBytes(large);
        server = await S3Server.StartAsync(null, new S3ServerOptions { PageSize = 300 });
        store = new S3Store(S3Fixture.OptionsFor(server) with { PartBytes = S3Options.LeastPartBytes, RequestTimeout = TimeSpan.FromSeconds(5) }, null);
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task It_keeps_the_whole_contract()
    {
        await ContractRun.HoldsAsync(store, StoreContractOptions.Full with { LargeBytes = 12 << 20 });
        server.OpenUploads.ShouldBe(0);
        server.Verified.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public async Task It_keeps_the_contract_where_no_checksums_are_kept_and_bytes_are_read_back()
    {
        await using var old = await S3Server.StartAsync(null, new S3ServerOptions { KeepsChecksums = false });
        await using var plain = new S3Store(S3Fixture.OptionsFor(old) with { PartBytes = S3Options.LeastPartBytes }, null);
        await ContractRun.HoldsAsync(plain, StoreContractOptions.Quick);
    }

    [Fact]
    public async Task Looking_first_keeps_all_but_the_race_on_endpoints_without_conditions()
    {
        server.Inject = call => call.Operation is "put" or "complete" ? S3Fault.NoConditions : S3Fault.None;
        await using var first = new S3Store(S3Fixture.OptionsFor(server) with { PartBytes = S3Options.LeastPartBytes, Create = S3Create.LookFirst }, null);
        await ContractRun.HoldsAsync(first, StoreContractOptions.Quick, "put.race-different", "put.race-same");
        (await Should.ThrowAsync<EngineException>(() => store.PutAsync(Name, new byte[1], Ct))).Fault.ShouldBe(Fault.StoreRefused);
    }

    [Theory]
    [InlineData(S3Fault.InternalError, Fault.StoreUnavailable)]
    [InlineData(S3Fault.InternalErrorAfter, Fault.StoreUnavailable)]
    [InlineData(S3Fault.SlowDown, Fault.StoreUnavailable)]
    [InlineData(S3Fault.ProxyPage, Fault.StoreUnavailable)]
    [InlineData(S3Fault.ResetRequest, Fault.StoreUnavailable)]
    [InlineData(S3Fault.ResetResponse, Fault.StoreUnavailable)]
    [InlineData(S3Fault.Conflict, Fault.StoreUnavailable)]
    [InlineData(S3Fault.Skewed, Fault.StoreUnavailable)]
    [InlineData(S3Fault.ExpiredToken, Fault.StoreRefused)]
    [InlineData(S3Fault.AccessDenied, Fault.StoreRefused)]
    [InlineData(S3Fault.NoSuchBucket, Fault.StoreRefused)]
    [InlineData(S3Fault.Redirect, Fault.StoreRefused)]
    [InlineData(S3Fault.NoConditions, Fault.StoreRefused)]
    [InlineData(S3Fault.Full, Fault.StoreFull)]
    [InlineData(S3Fault.LosesWrites, Fault.StoreLies)]
    [InlineData(S3Fault.CutsWrites, Fault.StoreLies)]
    [InlineData(S3Fault.CorruptsWrites, Fault.StoreLies)]
    public async Task A_put_that_goes_wrong_is_never_a_success(S3Fault injected, Fault expected)
    {
        server.Inject = call => call.Operation == "put" ? injected : S3Fault.None;
        (await Should.ThrowAsync<EngineException>(() => store.PutAsync(Name, new byte[] { 1, 2, 3 }, Ct))).Fault.ShouldBe(expected);
    }

    [Theory]
    [InlineData(S3Fault.InternalError, Fault.StoreUnavailable)]
    [InlineData(S3Fault.SlowDown, Fault.StoreUnavailable)]
    [InlineData(S3Fault.ResetResponse, Fault.StoreUnavailable)]
    [InlineData(S3Fault.TruncatedBody, Fault.StoreUnavailable)]
    [InlineData(S3Fault.TruncatedSilently, Fault.StoreLies)]
    [InlineData(S3Fault.IgnoresRange, Fault.StoreLies)]
    [InlineData(S3Fault.AccessDenied, Fault.StoreRefused)]
    [InlineData(S3Fault.NoSuchBucket, Fault.StoreRefused)]
    public async Task A_read_that_goes_wrong_gives_no_bytes(S3Fault injected, Fault expected)
    {
        await store.PutAsync(Name, large.AsMemory(0, 10_000), Ct);
        server.Inject = call => call.Operation == "get" ? injected : S3Fault.None;
        (await Should.ThrowAsync<EngineException>(() => store.ReadAsync(Name, 100, new byte[5000], Ct))).Fault.ShouldBe(expected);
    }

    [Fact]
    public async Task A_store_that_never_answers_is_unavailable_and_a_caller_who_cancels_is_cancelled()
    {
        server.Inject = _ => S3Fault.Hang;
        await using var hasty = new S3Store(S3Fixture.OptionsFor(server) with { RequestTimeout = TimeSpan.FromMilliseconds(200) }, null);
        (await Should.ThrowAsync<EngineException>(() => hasty.FindAsync(Name, Ct))).Fault.ShouldBe(Fault.StoreUnavailable);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var find = store.FindAsync(Name, cancel.Token);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => find);
    }

    [Fact]
    public async Task Nobody_listening_is_unavailable()
    {
        await using var away = new S3Store(S3Fixture.OptionsFor(server) with { Endpoint = new Uri("http://127.0.0.1:1") }, null);
        (await Should.ThrowAsync<EngineException>(() => away.ClockAsync(Ct))).Fault.ShouldBe(Fault.StoreUnavailable);
    }

    [Theory]
    [InlineData(S3Fault.WrongChecksum)]
    [InlineData(S3Fault.ErrorInOk)]
    public async Task A_read_back_that_says_otherwise_fails_the_put(S3Fault injected)
    {
        server.Inject = call => call.Operation == "head" ? injected : S3Fault.None;
        await Should.ThrowAsync<EngineException>(() => store.PutAsync(Name, new byte[] { 1, 2, 3 }, Ct));
    }

    [Theory]
    [InlineData(S3Fault.InternalErrorAfter)]
    [InlineData(S3Fault.InternalError)]
    [InlineData(S3Fault.ErrorInOk)]
    [InlineData(S3Fault.ErrorInOkAfter)]
    [InlineData(S3Fault.ResetResponse)]
    [InlineData(S3Fault.ResetRequest)]
    [InlineData(S3Fault.SlowDown)]
    public async Task A_completion_whose_answer_was_lost_loses_no_part(S3Fault injected)
    {
        var failed = 0;
        server.Inject = call => call.Operation == "complete" && failed++ == 0 ? injected : S3Fault.None;
        await store.PutAsync(Name, large, Ct);
        await HoldsLargeAsync();
        failed.ShouldBe(2);
        server.OpenUploads.ShouldBe(0);
    }

    [Fact]
    public async Task An_object_that_lacks_a_part_is_a_lie()
    {
        server.Inject = call => call.Operation == "complete" ? S3Fault.LosesPart : S3Fault.None;
        (await Should.ThrowAsync<EngineException>(() => store.PutAsync(Name, large, Ct))).Fault.ShouldBe(Fault.StoreLies);
    }

    [Fact]
    public async Task A_failed_part_leaves_neither_an_object_nor_an_upload()
    {
        server.Inject = call => call is { Operation: "part" } && server.Requests > 2 ? S3Fault.InternalError : S3Fault.None;
        (await Should.ThrowAsync<EngineException>(() => store.PutAsync(Name, large, Ct))).Fault.ShouldBe(Fault.StoreUnavailable);
        server.Keys.ShouldBeEmpty();
        server.OpenUploads.ShouldBe(0);
    }

    [Fact]
    public async Task Uploads_of_killed_processes_go_by_age()
    {
        server.Inject = call => call.Operation is "part" or "abort" ? S3Fault.InternalError : S3Fault.None;
        await Should.ThrowAsync<EngineException>(() => store.PutAsync(Name, large, Ct));
        server.Inject = _ => S3Fault.None;
        server.OpenUploads.ShouldBe(1);
        (await store.CleanAsync(TimeSpan.FromHours(1), Ct)).ShouldBe(0);
        (await store.CleanAsync(TimeSpan.FromHours(-1), Ct)).ShouldBe(1);
        server.OpenUploads.ShouldBe(0);
    }

    [Fact]
    public async Task A_put_whose_answer_was_lost_finds_its_own_bytes_when_repeated()
    {
        var failed = 0;
        server.Inject = call => call.Operation == "put" && failed++ == 0 ? S3Fault.InternalErrorAfter : S3Fault.None;
        (await Should.ThrowAsync<EngineException>(() => store.PutAsync(Name, new byte[] { 1 }, Ct))).Fault.ShouldBe(Fault.StoreUnavailable);
        (await store.PutAsync(Name, new byte[] { 1 }, Ct)).ShouldBe(PutOutcome.AlreadyThere);
    }

    [Fact]
    public async Task A_wrong_secret_is_refused_and_no_secret_is_printed()
    {
        var options = S3Fixture.OptionsFor(server) with { SecretKey = "another-secret" };
        await using var wrong = new S3Store(options, null);
        var refused = await Should.ThrowAsync<EngineException>(() => wrong.ListAsync("", Ct).ToListAsync(Ct).AsTask());
        refused.Fault.ShouldBe(Fault.StoreRefused);
        refused.ToString().ShouldNotContain("another-secret");
        options.ToString().ShouldNotContain("another-secret");
        wrong.Location.ShouldBe($"s3://{server.Endpoint.Authority}/dr-copies/repo/one");
    }

    [Fact]
    public async Task Foreign_objects_beside_and_below_the_prefix_are_no_blobs()
    {
        await using var neighbour = new S3Store(S3Fixture.OptionsFor(server) with { Prefix = "" }, null);
        await neighbour.PutAsync(new BlobName("repo/one/mine"), new byte[1], Ct);
        await neighbour.PutAsync(new BlobName("repo/other"), new byte[1], Ct);
        (await store.ListAsync("", Ct).ToListAsync(Ct)).ShouldHaveSingleItem().Name.Value.ShouldBe("mine");
    }

    [Fact]
    public async Task Objects_in_a_folder_outlive_the_server()
    {
        using var scratch = new ScratchFolder();
        await using (var first = await S3Server.StartAsync(scratch.Path, new S3ServerOptions()))
        {
            await using var before = new S3Store(S3Fixture.OptionsFor(first), null);
            await before.PutAsync(Name, new byte[] { 1, 2 }, Ct);
        }

        await using var second = await S3Server.StartAsync(scratch.Path, new S3ServerOptions());
        await using var after = new S3Store(S3Fixture.OptionsFor(second), null);
        (await after.PutAsync(Name, new byte[] { 1, 2 }, Ct)).ShouldBe(PutOutcome.AlreadyThere);
    }

    private async Task HoldsLargeAsync()
    {
        server.Inject = _ => S3Fault.None;
        var into = new byte[large.Length + 1];
        (await store.ReadAsync(Name, 0, into, Ct)).ShouldBe(large.Length);
        into.AsSpan(0, large.Length).SequenceEqual(large).ShouldBeTrue();
    }
}
