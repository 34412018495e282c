namespace HyperBdr.Engine.Stores.Validation;

/// <summary>Listings and names.</summary>
internal static class ListChecks
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    private const int LongestName = 200;
    private const int MostParts = 8;

    public static IReadOnlyList<StoreCheck> All { get; } =
    [
        new("list.nothing", "A prefix without blobs lists nothing.", Nothing),
        new("list.prefix", "A prefix is text, not a folder: it ends anywhere in a name.", Prefix),
        new("list.lengths", "Listed blobs have their lengths and ages.", Lengths),
        new("list.many", "A long listing names every blob exactly once.", Many),
        new("list.while-writing", "A listing during puts and deletes names every blob that was there all along, once.", WhileWriting),
        new("name.every-letter", "Every allowed letter works, at every place.", EveryLetter),
        new("name.case", "Names that differ only in case are different blobs.", Case),
        new("name.longest", "A name of the greatest length and depth works.", Longest),
    ];

    private static async Task Nothing(StoreTrial t, CancellationToken ct)
    {
        StoreTrial.Expect((await t.ListAsync("", ct)).Count == 0, t.Name("x"), "a fresh prefix lists something");
        StoreTrial.Expect((await t.ListAsync("no/folder/here", ct)).Count == 0, t.Name("x"), "a fresh folder lists something");
    }

    private static async Task Prefix(StoreTrial t, CancellationToken ct)
    {
        string[] names = ["a", "ab", "ab-c", "abc/d", "abc/e/f", "abc/e/g", "abd/e", "b"];
        foreach (var name in names) await t.CreateAsync(t.Name(name), t.Bytes(2), ct);
        foreach (var prefix in new[] { "", "a", "ab", "abc", "abc/", "abc/e", "abc/e/", "abc/e/f", "abd", "b", "c", "abc/e/f/" })
        {
            var expected = names.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal);
            var listed = await t.ListAsync(prefix, ct);
            StoreTrial.Expect(listed.SequenceEqual(expected, StringComparer.Ordinal), t.Name("x"), $"'{prefix}' lists {string.Join(' ', listed)}");
        }
    }

    private static async Task Lengths(StoreTrial t, CancellationToken ct)
    {
        var before = await t.Store.ClockAsync(ct) - TimeSpan.FromSeconds(2);
        foreach (var length in new[] { 0, 1, 1000, 100_000 }) await t.CreateAsync(t.Name($"l{length}"), t.Bytes(length), ct);
        var after = await t.Store.ClockAsync(ct) + TimeSpan.FromSeconds(2);
        await foreach (var blob in t.Store.ListAsync(t.Prefix, ct))
        {
            StoreTrial.Expect(blob.Name.LastPart == $"l{blob.Length}", blob.Name, $"listed with {blob.Length} bytes");
            StoreTrial.Expect(blob.ModifiedAt >= before && blob.ModifiedAt <= after, blob.Name, $"listed with the date {blob.ModifiedAt:O}");
            StoreTrial.Expect(await t.Store.FindAsync(blob.Name, ct) is { } found && found.Length == blob.Length, blob.Name, "found otherwise than listed");
        }
    }

    private static async Task Many(StoreTrial t, CancellationToken ct)
    {
        var content = t.Bytes(10);
        var names = Enumerable.Range(0, t.Options.ManyNames).Select(i => $"{i % 4:x2}/{i:d5}").Order(StringComparer.Ordinal).ToList();
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = ct }, async (name, stop) => await t.Store.PutAsync(t.Name(name), content, stop));
        StoreTrial.Expect((await t.ListAsync("", ct)).SequenceEqual(names, StringComparer.Ordinal), t.Name("x"), $"not the {names.Count} names that were put, once each");
    }

    private static async Task WhileWriting(StoreTrial t, CancellationToken ct)
    {
        var stable = Enumerable.Range(0, 60).Select(i => $"s/{i:d3}").ToList();
        foreach (var name in stable) await t.CreateAsync(t.Name(name), t.Bytes(1), ct);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var writing = Task.Run(() => ChurnAsync(t, stop.Token), ct);
        try
        {
            for (var round = 0; round < 5; round++)
            {
                var listed = await t.ListAsync("s/", ct);
                StoreTrial.Expect(listed.Distinct(StringComparer.Ordinal).Count() == listed.Count, t.Name("s"), "a name was listed twice");
                StoreTrial.Expect(!stable.Except(listed, StringComparer.Ordinal).Any(), t.Name("s"), "a blob that was there all along is missing");
            }
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
        }
    }

    private static async Task ChurnAsync(StoreTrial t, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var name = t.Name($"s/{i % 60:d3}-new");
            await t.Store.PutAsync(name, new byte[] { 1 }, CancellationToken.None);
            await t.Store.DeleteAsync(name, CancellationToken.None);
        }
    }

    private static async Task EveryLetter(StoreTrial t, CancellationToken ct)
    {
        string[] names = [Letters, .. "A0_-z".Select(c => $"{c}{c}/{c}{c}{c}"), "-", "_", "--a", "con", "nul-", "0"];
        foreach (var name in names) await RoundTripAsync(t, name, ct);
        StoreTrial.Expect((await t.ListAsync("", ct)).SequenceEqual(names.Order(StringComparer.Ordinal), StringComparer.Ordinal), t.Name("x"), "names are listed otherwise than put");
    }

    private static async Task Case(StoreTrial t, CancellationToken ct)
    {
        foreach (var name in new[] { "case", "Case", "CASE", "F/a", "f/a" }) await RoundTripAsync(t, name, ct);
        StoreTrial.Expect((await t.ListAsync("", ct)).Count == 5, t.Name("case"), "names that differ in case fell together");
        StoreTrial.Expect((await t.ListAsync("C", ct)).Count == 2, t.Name("case"), "a listing ignores case");
    }

    private static async Task Longest(StoreTrial t, CancellationToken ct)
    {
        var room = LongestName - t.Prefix.Length;
        await RoundTripAsync(t, new string('n', room), ct);
        var parts = MostParts - t.Prefix.Count(c => c == '/');
        await RoundTripAsync(t, string.Join('/', Enumerable.Repeat("d", parts)), ct);
    }

    private static async Task RoundTripAsync(StoreTrial t, string name, CancellationToken ct)
    {
        var content = t.Bytes(20);
        await t.CreateAsync(t.Name(name), content, ct);
        await t.HoldsAsync(t.Name(name), content, ct);
    }
}
