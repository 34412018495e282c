namespace HyperBdr.Engine.Stores.Validation;

/// <summary>Puts, their outcomes, and deletes.</summary>
internal static class PutChecks
{
    private const int Racers = 16;

    public static IReadOnlyList<StoreCheck> All { get; } =
    [
        new("put.empty", "An empty blob is a blob.", (t, ct) => RoundTrip(t, t.Bytes(0), ct)),
        new("put.one-byte", "One byte comes back.", (t, ct) => RoundTrip(t, [0xA5], ct)),
        new("put.every-byte", "Every byte value comes back.", (t, ct) => RoundTrip(t, [.. Enumerable.Range(0, 256 * 17).Select(i => (byte)(i / 17))], ct)),
        new("put.16-mib", "16 MiB come back.", (t, ct) => RoundTrip(t, t.Bytes(16 << 20), ct)),
        new("put.large", "A blob beyond a part's size comes back.", (t, ct) => RoundTrip(t, t.Bytes(t.Options.LargeBytes + 1), ct)),
        new("put.same-again", "The same bytes under the same name are AlreadyThere.", SameAgain),
        new("put.never-overwrites", "Other bytes under a taken name are refused and change nothing.", NeverOverwrites),
        new("put.never-overwrites-large", "Other bytes of the same large length are refused and change nothing.", NeverOverwritesLarge),
        new("put.race-same", "Of 16 equal puts at once all succeed and at most one creates.", RaceSame),
        new("put.race-different", "Of 16 different puts at once exactly one creates; the others are refused.", RaceDifferent),
        new("put.memory", "A put leaves the caller's memory alone and does not keep it.", Memory),
        new("put.cancelled", "A put that was cancelled leaves the whole blob or none.", Cancelled),
        new("delete.gone", "A deleted blob is neither found, read nor listed.", DeleteGone),
        new("delete.idempotent", "Deleting twice, or what never was, succeeds.", DeleteIdempotent),
        new("delete.recreate", "After a delete the name is free for other bytes.", Recreate),
        new("delete.only-that", "A delete removes that name and no other.", DeleteOnlyThat),
    ];

    private static async Task RoundTrip(StoreTrial t, byte[] content, CancellationToken ct)
    {
        await t.CreateAsync(t.Name("blob"), content, ct);
        await t.HoldsAsync(t.Name("blob"), content, ct);
    }

    private static async Task SameAgain(StoreTrial t, CancellationToken ct)
    {
        foreach (var length in new[] { 0, 1, 100_000 })
        {
            var (name, content) = (t.Name($"same-{length}"), t.Bytes(length));
            await t.CreateAsync(name, content, ct);
            var again = await t.Store.PutAsync(name, content, ct);
            StoreTrial.Expect(again == PutOutcome.AlreadyThere, name, $"the second put said {again}");
        }
    }

    private static async Task NeverOverwrites(StoreTrial t, CancellationToken ct)
    {
        var name = t.Name("taken");
        var content = t.Bytes(5000);
        await t.CreateAsync(name, content, ct);
        byte[] lastByte = [.. content];
        lastByte[^1] ^= 1;
        foreach (var other in new[] { lastByte, content[..^1], [.. content, 0], [] })
        {
            await StoreTrial.RefusesAsync(Fault.NameTaken, name, () => t.Store.PutAsync(name, other, ct));
            await t.HoldsAsync(name, content, ct);
        }
    }

    private static async Task NeverOverwritesLarge(StoreTrial t, CancellationToken ct)
    {
        var name = t.Name("taken");
        var content = t.Bytes(t.Options.LargeBytes + 1);
        await t.CreateAsync(name, content, ct);
        content[^1] ^= 1;
        await StoreTrial.RefusesAsync(Fault.NameTaken, name, () => t.Store.PutAsync(name, content, ct));
        content[^1] ^= 1;
        var again = await t.Store.PutAsync(name, content, ct);
        StoreTrial.Expect(again == PutOutcome.AlreadyThere, name, $"equal large bytes were {again}");
        await t.HoldsAsync(name, content, ct);
    }

    private static async Task RaceSame(StoreTrial t, CancellationToken ct)
    {
        var name = t.Name("race");
        var content = t.Bytes(70_000);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, Racers).Select(_ => Task.Run(() => t.Store.PutAsync(name, content, ct), ct)));
        // A put whose answer was lost and that is sent again finds its own bytes: none may say Created then.
        StoreTrial.Expect(outcomes.Count(o => o == PutOutcome.Created) <= 1, name, "more than one put created the blob");
        await t.HoldsAsync(name, content, ct);
    }

    private static async Task RaceDifferent(StoreTrial t, CancellationToken ct)
    {
        var name = t.Name("race");
        var contents = Enumerable.Range(0, Racers).Select(_ => t.Bytes(70_000)).ToList();
        var won = await Task.WhenAll(contents.Select(content => Task.Run(() => WinsAsync(t.Store, name, content, ct), ct)));
        StoreTrial.Expect(won.Count(w => w) == 1, name, $"{won.Count(w => w)} of {Racers} different puts succeeded");
        await t.HoldsAsync(name, contents[Array.IndexOf(won, true)], ct);
    }

    private static async Task<bool> WinsAsync(IBlobStore store, BlobName name, byte[] content, CancellationToken ct)
    {
        try
        {
            await store.PutAsync(name, content, ct);
            return true;
        }
        catch (EngineException e) when (e.Fault == Fault.NameTaken)
        {
            return false;
        }
    }

    private static async Task Memory(StoreTrial t, CancellationToken ct)
    {
        var name = t.Name("memory");
        var content = t.Bytes(300_000);
        byte[] mine = [7, .. content, 7];
        await t.CreateAsync(name, mine.AsMemory(1, content.Length), ct);
        StoreTrial.Expect(mine.AsSpan(1, content.Length).SequenceEqual(content), name, "the put changed the caller's memory");
        Array.Clear(mine);
        await t.HoldsAsync(name, content, ct);
    }

    private static async Task Cancelled(StoreTrial t, CancellationToken ct)
    {
        var content = t.Bytes(2 << 20);
        for (var i = 0; i < 8; i++)
        {
            var name = t.Name($"cancelled-{i}");
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var put = t.Store.PutAsync(name, content, cancel.Token);
            for (var turn = 0; turn < i * 4; turn++) await Task.Yield();
            await cancel.CancelAsync();
            await put.ContinueWith(_ => { }, ct, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            if (await t.Store.FindAsync(name, ct) is not null) await t.HoldsAsync(name, content, ct);
            else StoreTrial.Expect(!put.IsCompletedSuccessfully, name, "a put that returned left nothing");
        }
    }

    private static async Task DeleteGone(StoreTrial t, CancellationToken ct)
    {
        var name = t.Name("gone");
        await t.CreateAsync(name, t.Bytes(100), ct);
        // A read before the delete, so that a store that keeps blobs open is tried too.
        _ = await t.ReadAllAsync(name, ct);
        await t.Store.DeleteAsync(name, ct);
        StoreTrial.Expect(await t.Store.FindAsync(name, ct) is null, name, "found after its delete");
        await StoreTrial.RefusesAsync(Fault.NotFound, name, () => t.Store.ReadAsync(name, 0, new byte[10], ct));
        StoreTrial.Expect((await t.ListAsync("", ct)).Count == 0, name, "listed after its delete");
    }

    private static async Task DeleteIdempotent(StoreTrial t, CancellationToken ct)
    {
        await t.CreateAsync(t.Name("twice"), t.Bytes(1), ct);
        await t.Store.DeleteAsync(t.Name("twice"), ct);
        await t.Store.DeleteAsync(t.Name("twice"), ct);
        await t.Store.DeleteAsync(t.Name("never/was/here"), ct);
    }

    private static async Task Recreate(StoreTrial t, CancellationToken ct)
    {
        var name = t.Name("again");
        for (var round = 0; round < 3; round++)
        {
            var content = t.Bytes(1000 + round);
            await t.CreateAsync(name, content, ct);
            await t.HoldsAsync(name, content, ct);
            await t.Store.DeleteAsync(name, ct);
        }
    }

    private static async Task DeleteOnlyThat(StoreTrial t, CancellationToken ct)
    {
        foreach (var name in new[] { "a", "ab", "d/a", "d/ab" }) await t.CreateAsync(t.Name(name), t.Bytes(3), ct);
        await t.Store.DeleteAsync(t.Name("a"), ct);
        await t.Store.DeleteAsync(t.Name("d/a"), ct);
        await t.Store.DeleteAsync(t.Name("d"), ct);
        StoreTrial.Expect((await t.ListAsync("", ct)).SequenceEqual(["ab", "d/ab"], StringComparer.Ordinal), t.Name("a"), "a delete took another name with it, or none");
    }
}
