namespace HyperBdr.Engine.Stores.Validation;

/// <summary>Finds a store that lies before it gets the only copy: a quick trial of every promise that the repository lives by.</summary>
/// <remarks>
/// Takes some dozens of small calls, below <c>probe/</c>, and removes what it put. It proves nothing about power cuts; the full
/// <see cref="StoreContract"/> tries more and takes longer. A store that cannot be reached or refuses throws its own fault.
/// </remarks>
/// <param name="store">The store, without retries in front where failures are to be seen at once.</param>
/// <param name="time">This machine's clock, which the store's is compared with.</param>
public sealed class AttachProbe(IBlobStore store, TimeProvider time)
{
    /// <summary>The most that a store's clock may differ from this machine's.</summary>
    public static readonly TimeSpan MaxClockDifference = TimeSpan.FromMinutes(15);

    private const int Racers = 8;
    private const int Length = 70_001;
    private readonly string id = $"{Guid.CreateVersion7():n}";

    /// <summary>The promises in the order in which they are tried.</summary>
    public static IReadOnlyList<string> Promises { get; } =
        ["puts are readable at once", "ranges are exact", "puts are listed at once", "nothing is overwritten", "one of many creators wins", "names differ by case", "deletes delete", "deleted names are free", "the clock is sane"];

    /// <summary>Null when every promise held; else the first that broke, and how.</summary>
    public async Task<BrokenPromise?> RunAsync(CancellationToken ct)
    {
        try
        {
            foreach (var (promise, trial) in Promises.Zip(Trials()))
            {
                if (await trial(ct) is { } how) return new BrokenPromise(promise, how);
            }

            return null;
        }
        finally
        {
            await CleanAsync(ct);
        }
    }

    /// <summary>Runs and throws.</summary>
    /// <exception cref="EngineException"><see cref="Fault.StoreLies"/>, with the promise.</exception>
    public async Task EnsureAsync(CancellationToken ct)
    {
        if (await RunAsync(ct) is { } broken) throw new EngineException(Fault.StoreLies, store.Location, $"{broken.Promise}: {broken.How}");
    }

    private IEnumerable<Func<CancellationToken, Task<string?>>> Trials() => [ReadableAsync, RangesAsync, ListedAsync, NotOverwrittenAsync, OneWinsAsync, CaseAsync, DeletedAsync, FreeAgainAsync, SaneClockAsync];

    private BlobName Name(string what) => new($"probe/{id}-{what}");

    private static byte[] Bytes(int seed)
    {
        var bytes = new byte[Length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private async Task<string?> ReadableAsync(CancellationToken ct)
    {
        if (await store.FindAsync(Name("a"), ct) is not null) return "a name that was never put is found";
        if (await store.PutAsync(Name("a"), Bytes(1), ct) != PutOutcome.Created) return "a new name was not created";
        return await HoldsAsync("a", Bytes(1), ct);
    }

    private async Task<string?> RangesAsync(CancellationToken ct)
    {
        foreach (var (offset, length) in new[] { (0, 1), (1, 4096), (65_535, 2), (Length - 1, 1), (Length - 5, 100), (Length, 10), (Length + 1, 10) })
        {
            var into = new byte[length];
            var read = await store.ReadAsync(Name("a"), offset, into, ct);
            var due = Bytes(1).AsSpan(Math.Min(offset, Length));
            due = due[..Math.Min(due.Length, length)];
            if (read != due.Length || !into.AsSpan(0, read).SequenceEqual(due)) return $"{length} bytes from {offset}: {read} came or they are others";
        }

        return null;
    }

    private async Task<string?> ListedAsync(CancellationToken ct)
    {
        var listed = new List<BlobInfo>();
        await foreach (var blob in store.ListAsync($"probe/{id}", ct)) listed.Add(blob);
        return listed.Count == 1 && listed[0].Name == Name("a") && listed[0].Length == Length ? null : $"one blob was put, {listed.Count} listed";
    }

    private async Task<string?> NotOverwrittenAsync(CancellationToken ct)
    {
        if (await store.PutAsync(Name("a"), Bytes(1), ct) != PutOutcome.AlreadyThere) return "equal bytes were not recognised";
        foreach (var other in new[] { Bytes(2), Bytes(1)[..^1], [] })
        {
            if (await WinsAsync("a", other, ct)) return "another put under the same name succeeded";
        }

        return await HoldsAsync("a", Bytes(1), ct);
    }

    private async Task<string?> OneWinsAsync(CancellationToken ct)
    {
        var won = await Task.WhenAll(Enumerable.Range(0, Racers).Select(i => Task.Run(() => WinsAsync("race", Bytes(10 + i), ct), ct)));
        if (won.Count(w => w) != 1) return $"{won.Count(w => w)} of {Racers} creators of one name succeeded";
        return await HoldsAsync("race", Bytes(10 + Array.IndexOf(won, true)), ct);
    }

    private async Task<string?> CaseAsync(CancellationToken ct)
    {
        if (!await WinsAsync("case", Bytes(3), ct) || !await WinsAsync("CASE", Bytes(4), ct)) return "names that differ only in case are one";
        return await HoldsAsync("case", Bytes(3), ct) ?? await HoldsAsync("CASE", Bytes(4), ct);
    }

    private async Task<string?> DeletedAsync(CancellationToken ct)
    {
        await store.DeleteAsync(Name("a"), ct);
        await store.DeleteAsync(Name("a"), ct);
        if (await store.FindAsync(Name("a"), ct) is not null) return "a deleted blob is still found";
        await foreach (var blob in store.ListAsync($"probe/{id}-a", ct)) return $"{blob.Name} is still listed";
        try
        {
            await store.ReadAsync(Name("a"), 0, new byte[1], ct);
            return "a deleted blob is still read";
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            return null;
        }
    }

    private async Task<string?> FreeAgainAsync(CancellationToken ct) =>
        await store.PutAsync(Name("a"), Bytes(5), ct) == PutOutcome.Created ? await HoldsAsync("a", Bytes(5), ct) : "a deleted name was not free";

    private async Task<string?> SaneClockAsync(CancellationToken ct)
    {
        var (first, second) = (await store.ClockAsync(ct), await store.ClockAsync(ct));
        if (second < first) return $"it went from {first:O} back to {second:O}";
        if ((second - time.GetUtcNow()).Duration() > MaxClockDifference) return $"it says {second:O}, this machine's {time.GetUtcNow():O}";
        var found = await store.FindAsync(Name("a"), ct);
        return found is not null && (found.ModifiedAt - second).Duration() <= MaxClockDifference ? null : $"a blob put just now is dated {found?.ModifiedAt:O}";
    }

    private async Task<bool> WinsAsync(string what, byte[] content, CancellationToken ct)
    {
        try
        {
            await store.PutAsync(Name(what), content, ct);
            return true;
        }
        catch (EngineException e) when (e.Fault == Fault.NameTaken)
        {
            return false;
        }
    }

    private async Task<string?> HoldsAsync(string what, byte[] content, CancellationToken ct)
    {
        if (await store.FindAsync(Name(what), ct) is not { } found) return "a blob that was put is not found";
        if (found.Length != content.Length) return $"{content.Length} bytes were put, {found.Length} are there";
        var into = new byte[content.Length];
        return await store.ReadAsync(Name(what), 0, into, ct) == into.Length && into.AsSpan().SequenceEqual(content) ? null : "other bytes are there than were put";
    }

    private async Task CleanAsync(CancellationToken ct)
    {
        try
        {
            foreach (var what in new[] { "a", "race", "case", "CASE" }) await store.DeleteAsync(Name(what), ct);
        }
        catch (EngineException e) when (e.Fault is Fault.StoreUnavailable or Fault.StoreRefused)
        {
            // What the trial found is the news; some small blobs below probe/ stay.
        }
    }
}

/// <summary>A promise that a store broke.</summary>
/// <param name="Promise">Which, as in <see cref="AttachProbe.Promises"/>.</param>
/// <param name="How">What was seen.</param>
public sealed record BrokenPromise(string Promise, string How);
