using HyperBdr.Engine;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Stores;
using Shouldly;
using Xunit;

namespace HyperBdr.EngineFaults.Tests.Stores;

public sealed class ReadsInFlight
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_failed_read_does_not_end_while_the_store_may_still_write_into_its_memory()
    {
        using var history = await History.CreateAsync(Ct);
        await using (var writing = await history.OpenAsync(Ct)) await History.BackUpAsync(writing, new Job("one", "disk", history.Disk("disk", 1, 500_000)), Ct);
        var store = new SlowBodies(history.NewStore());
        await using var repository = await history.OpenAsync(Ct, store);
        await repository.BeginReadAsync(Ct);
        var (id, at) = repository.Index.Entries().First();

        var read = repository.Fetcher.ReadAsync(PackKind.Data, [new BlobRead(id, at, new byte[at.PlainLength])], Ct);

        // The pack's header has failed; its body is still on its way, into memory that others would get.
        store.BodiesBegun.ShouldBe(1);
        read.IsCompleted.ShouldBeFalse();
        store.Arrive();
        (await Should.ThrowAsync<EngineException>(() => read)).Fault.ShouldBe(Fault.StoreUnavailable);
    }

    /// <summary>Packs' headers fail at once, their bodies come when they are told to.</summary>
    private sealed class SlowBodies(IBlobStore inner) : StoreDecorator(inner)
    {
        private readonly TaskCompletionSource arrived = new();

        public int BodiesBegun { get; private set; }

        public void Arrive() => arrived.SetResult();

        public override async Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct)
        {
            if (!name.Value.StartsWith("packs/", StringComparison.Ordinal)) return await base.ReadAsync(name, offset, into, ct);
            if (offset == 0) throw new EngineException(Fault.StoreUnavailable, name.Value, "no answer");
            BodiesBegun++;
            await arrived.Task;
            return await base.ReadAsync(name, offset, into, ct);
        }
    }
}
