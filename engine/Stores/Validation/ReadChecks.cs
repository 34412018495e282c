namespace HyperBdr.Engine.Stores.Validation;

/// <summary>Reads and their ranges, finding, and the clock.</summary>
internal static class ReadChecks
{
    private static readonly TimeSpan Coarse = TimeSpan.FromSeconds(2);

    public static IReadOnlyList<StoreCheck> All { get; } =
    [
        new("read.missing", "Reading what is not there is NotFound, in every form.", Missing),
        new("read.every-range", "Every range of a small blob is exact.", EveryRange),
        new("read.boundaries", "Ranges at the boundaries of sectors, pages, chunks and parts are exact.", Boundaries),
        new("read.past-the-end", "A range at or beyond the end gives nothing; one across it gives what is there.", PastTheEnd),
        new("read.into-a-slice", "A read touches only the memory that it was given.", IntoASlice),
        new("read.many-at-once", "Reads side by side do not mix.", ManyAtOnce),
        new("read.after-put", "A put that returned is readable, found and listed at once.", AfterPut),
        new("find.length-and-age", "A found blob has its length and an age by the store's clock.", LengthAndAge),
        new("find.missing", "What is not there is not found, also when it is the folder of something.", FindMissing),
        new("clock.monotone", "The clock does not go back and does not leap.", ClockMonotone),
    ];

    private static async Task Missing(StoreTrial t, CancellationToken ct)
    {
        foreach (var name in new[] { t.Name("missing"), t.Name("no/folder/here") })
        {
            foreach (var (offset, length) in new[] { (0L, 0), (0L, 1), (5L, 10), (long.MaxValue / 2, 1) })
            {
                await StoreTrial.RefusesAsync(Fault.NotFound, name, () => t.Store.ReadAsync(name, offset, new byte[length], ct));
            }
        }
    }

    private static async Task EveryRange(StoreTrial t, CancellationToken ct)
    {
        var (name, content) = (t.Name("small"), t.Bytes(9));
        await t.CreateAsync(name, content, ct);
        for (var offset = 0; offset <= content.Length + 1; offset++)
        {
            for (var length = 0; length <= content.Length + 2; length++) await RangeAsync(t, name, content, offset, length, ct);
        }
    }

    private static async Task Boundaries(StoreTrial t, CancellationToken ct)
    {
        var (name, content) = (t.Name("large"), t.Bytes(t.Options.LargeBytes + 3));
        await t.CreateAsync(name, content, ct);
        int[] edges = [0, 512, 4096, 65_536, 1 << 20, 5 << 20, 8 << 20, 16 << 20, 64 << 20, content.Length];
        foreach (var edge in edges.Where(e => e <= content.Length))
        {
            foreach (var offset in new[] { edge - 1, edge, edge + 1 }.Where(o => o >= 0))
            {
                foreach (var length in new[] { 1, 2, 4097 }) await RangeAsync(t, name, content, offset, length, ct);
            }
        }
    }

    private static async Task PastTheEnd(StoreTrial t, CancellationToken ct)
    {
        foreach (var length in new[] { 0, 1, 10 })
        {
            var (name, content) = (t.Name($"short-{length}"), t.Bytes(length));
            await t.CreateAsync(name, content, ct);
            foreach (var offset in new[] { 0L, length, length + 1L, 1L << 40 }) await RangeAsync(t, name, content, offset, 64, ct);
        }
    }

    private static async Task IntoASlice(StoreTrial t, CancellationToken ct)
    {
        var (name, content) = (t.Name("slice"), t.Bytes(200));
        await t.CreateAsync(name, content, ct);
        var memory = new byte[120];
        Array.Fill(memory, (byte)0xEE);
        var read = await t.Store.ReadAsync(name, 50, memory.AsMemory(10, 100), ct);
        StoreTrial.Expect(read == 100 && memory.AsSpan(10, 100).SequenceEqual(content.AsSpan(50, 100)), name, "a slice holds other bytes");
        StoreTrial.Expect(!memory.AsSpan(0, 10).ContainsAnyExcept((byte)0xEE) && !memory.AsSpan(110).ContainsAnyExcept((byte)0xEE), name, "a read wrote beyond its memory");
    }

    private static async Task ManyAtOnce(StoreTrial t, CancellationToken ct)
    {
        var blobs = Enumerable.Range(0, 8).Select(i => (Name: t.Name($"many-{i}"), Content: t.Bytes(50_000))).ToList();
        foreach (var (name, content) in blobs) await t.CreateAsync(name, content, ct);
        await Parallel.ForAsync(0, 96, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = ct }, async (i, stop) =>
        {
            var (name, content) = blobs[i % blobs.Count];
            await RangeAsync(t, name, content, i * 509, 2000, stop);
        });
    }

    private static async Task AfterPut(StoreTrial t, CancellationToken ct)
    {
        for (var i = 0; i < 10; i++)
        {
            var (name, content) = (t.Name($"at-once/{i}"), t.Bytes(100 + i));
            // Asked for before it exists: a store that remembers absences must forget this one.
            StoreTrial.Expect(await t.Store.FindAsync(name, ct) is null, name, "found before its put");
            await t.CreateAsync(name, content, ct);
            await t.HoldsAsync(name, content, ct);
            StoreTrial.Expect((await t.ListAsync("at-once/", ct)).Contains($"at-once/{i}", StringComparer.Ordinal), name, "not listed after its put");
        }
    }

    private static async Task LengthAndAge(StoreTrial t, CancellationToken ct)
    {
        var before = await t.Store.ClockAsync(ct);
        var name = t.Name("aged");
        await t.CreateAsync(name, t.Bytes(12_345), ct);
        var after = await t.Store.ClockAsync(ct);
        var found = await t.Store.FindAsync(name, ct) ?? throw StoreTrial.Broken(name, "not found after its put");
        StoreTrial.Expect(found.Name == name && found.Length == 12_345, name, $"found as {found.Name} with {found.Length} bytes");
        StoreTrial.Expect(found.ModifiedAt >= before - Coarse && found.ModifiedAt <= after + Coarse, name, $"put between {before:O} and {after:O}, but dated {found.ModifiedAt:O}");
    }

    private static async Task FindMissing(StoreTrial t, CancellationToken ct)
    {
        await t.CreateAsync(t.Name("folder/blob"), t.Bytes(1), ct);
        foreach (var name in new[] { t.Name("folder"), t.Name("folder/blo"), t.Name("folder/blob2"), t.Name("folder/other/blob") })
        {
            StoreTrial.Expect(await t.Store.FindAsync(name, ct) is null, name, "found though it was never put");
            await StoreTrial.RefusesAsync(Fault.NotFound, name, () => t.Store.ReadAsync(name, 0, new byte[1], ct));
        }
    }

    private static async Task ClockMonotone(StoreTrial t, CancellationToken ct)
    {
        var last = await t.Store.ClockAsync(ct);
        for (var i = 0; i < 10; i++)
        {
            var now = await t.Store.ClockAsync(ct);
            StoreTrial.Expect(now >= last, t.Name("clock"), $"the clock went from {last:O} back to {now:O}");
            StoreTrial.Expect(now - last < TimeSpan.FromMinutes(5), t.Name("clock"), $"the clock leapt from {last:O} to {now:O}");
            last = now;
        }
    }

    private static async Task RangeAsync(StoreTrial t, BlobName name, byte[] content, long offset, int length, CancellationToken ct)
    {
        var into = new byte[length];
        var read = await t.Store.ReadAsync(name, offset, into, ct);
        var expected = offset >= content.Length ? [] : content.AsSpan((int)offset, (int)Math.Min(length, content.Length - offset));
        StoreTrial.Expect(read == expected.Length, name, $"{length} bytes from {offset}: {read} came, {expected.Length} are there");
        StoreTrial.Expect(into.AsSpan(0, read).SequenceEqual(expected), name, $"{length} bytes from {offset} are other bytes");
    }
}
