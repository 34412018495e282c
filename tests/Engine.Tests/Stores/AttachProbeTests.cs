using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Stores.Validation;
using HyperBdr.S3Testing;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Stores;

public sealed class AttachProbeTests : IAsyncLifetime
{
    private S3Server server = null!;
    private S3Store store = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await S3Server.StartAsync(null, new S3ServerOptions());
        store = new S3Store(S3Fixture.OptionsFor(server), null);
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Honest_stores_pass_and_are_left_clean()
    {
        (await new AttachProbe(store, TimeProvider.System).RunAsync(Ct)).ShouldBeNull();
        server.Keys.ShouldBeEmpty();
        using var scratch = new ScratchFolder();
        await using var folder = new FolderStore(scratch.Path);
        (await new AttachProbe(folder, TimeProvider.System).RunAsync(Ct)).ShouldBeNull();
        Directory.EnumerateFiles(scratch.Path, "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("put", S3Fault.IgnoresConditions, "nothing is overwritten")]
    [InlineData("list", S3Fault.StaleList, "puts are listed at once")]
    [InlineData("delete", S3Fault.KeepsDeleted, "deletes delete")]
    [InlineData("get", S3Fault.FlippedBit, "puts are readable at once")]
    public async Task A_lie_is_named(string operation, S3Fault lie, string promise)
    {
        server.Inject = call => call.Operation == operation ? lie : S3Fault.None;
        (await new AttachProbe(store, TimeProvider.System).RunAsync(Ct)).ShouldNotBeNull().Promise.ShouldBe(promise);
        (await Should.ThrowAsync<EngineException>(() => new AttachProbe(store, TimeProvider.System).EnsureAsync(Ct))).Fault.ShouldBe(Fault.StoreLies);
    }

    [Theory]
    [InlineData("put", S3Fault.LosesWrites)]
    [InlineData("put", S3Fault.CutsWrites)]
    [InlineData("put", S3Fault.CorruptsWrites)]
    [InlineData("get", S3Fault.IgnoresRange)]
    public async Task What_the_store_itself_catches_is_a_lie_as_well(string operation, S3Fault lie)
    {
        server.Inject = call => call.Operation == operation ? lie : S3Fault.None;
        (await Should.ThrowAsync<EngineException>(() => new AttachProbe(store, TimeProvider.System).EnsureAsync(Ct))).Fault.ShouldBe(Fault.StoreLies);
    }

    [Fact]
    public async Task Ranges_from_another_place_are_a_lie()
    {
        server.Inject = call => call.Operation == "get" ? S3Fault.WrongRange : S3Fault.None;
        (await new AttachProbe(store, TimeProvider.System).RunAsync(Ct)).ShouldNotBeNull().Promise.ShouldBe("ranges are exact");
    }

    [Fact]
    public async Task Looking_first_does_not_pass_as_never_overwriting()
    {
        server.Inject = call => call.Operation == "put" ? S3Fault.IgnoresConditions : S3Fault.None;
        await using var first = new S3Store(S3Fixture.OptionsFor(server) with { Create = S3Create.LookFirst, ReadBack = S3ReadBack.SizeOnly }, null);
        (await new AttachProbe(first, TimeProvider.System).RunAsync(Ct)).ShouldNotBeNull().Promise.ShouldBe("one of many creators wins");
    }

    [Fact]
    public async Task A_clock_far_from_this_machines_is_not_sane()
    {
        using var scratch = new ScratchFolder();
        await using var folder = new FolderStore(scratch.Path);
        var ahead = new ManualTime(TimeProvider.System.GetUtcNow().AddHours(2));
        (await new AttachProbe(folder, ahead).RunAsync(Ct)).ShouldNotBeNull().Promise.ShouldBe("the clock is sane");
    }

    [Fact]
    public async Task A_store_that_refuses_throws_its_own_fault()
    {
        server.Inject = _ => S3Fault.AccessDenied;
        (await Should.ThrowAsync<EngineException>(() => new AttachProbe(store, TimeProvider.System).RunAsync(Ct))).Fault.ShouldBe(Fault.StoreRefused);
    }

    [Fact]
    public async Task The_contract_finds_every_lie_too()
    {
        foreach (var (operation, lie, check) in new[] { ("put", S3Fault.IgnoresConditions, "put.never-overwrites"), ("list", S3Fault.StaleList, "list.prefix"), ("delete", S3Fault.KeepsDeleted, "delete.gone"), ("get", S3Fault.WrongRange, "read.every-range"), ("get", S3Fault.FlippedBit, "put.one-byte") })
        {
            server.Inject = call => call.Operation == operation ? lie : S3Fault.None;
            var found = await new StoreContract(store, "validate", StoreContractOptions.Quick, TimeProvider.System).RunAsync(StoreContract.Checks.Single(c => c.Name == check), Ct);
            found.Failure.ShouldNotBeNull(check).Fault.ShouldBe(Fault.StoreLies);
        }
    }
}
