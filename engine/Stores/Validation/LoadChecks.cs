namespace HyperBdr.Engine.Stores.Validation;

/// <summary>Everything at once, against a model in memory.</summary>
internal static class LoadChecks
{
    private const int Workers = 8;
    private const int NamesEach = 4;

    public static IReadOnlyList<StoreCheck> All { get; } =
    [
        new("load.mixed", "Under parallel puts, reads, finds and deletes every answer is that of a model.", Mixed),
        new("load.shared-names", "Under parallel puts and deletes of the same names, whatever is read was put whole.", SharedNames),
    ];

    /// <summary>Each worker owns its names, so its model is exact while the others load the store.</summary>
    private static async Task Mixed(StoreTrial t, CancellationToken ct)
    {
        var models = await Task.WhenAll(Enumerable.Range(0, Workers).Select(w => Task.Run(() => WorkAsync(t, w, ct), ct)));
        var expected = models.SelectMany(m => m).OrderBy(m => m.Key, StringComparer.Ordinal).ToList();
        StoreTrial.Expect((await t.ListAsync("", ct)).SequenceEqual(expected.Select(m => m.Key), StringComparer.Ordinal), t.Name("load"), "the names at the end are not the model's");
        foreach (var (name, content) in expected) await t.HoldsAsync(t.Name(name), content, ct);
    }

    private static async Task<Dictionary<string, byte[]>> WorkAsync(StoreTrial t, int worker, CancellationToken ct)
    {
        var random = new Random((t.Options.Seed * 1000) + worker);
        var model = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (var step = 0; step < t.Options.LoadSteps / Workers; step++)
        {
            var key = $"w{worker}/{random.Next(NamesEach)}";
            switch (random.Next(6))
            {
                case 0 or 1: await PutAsync(t, model, key, random, ct); break;
                case 2: await FindAsync(t, model, key, ct); break;
                case 3 or 4: await ReadAsync(t, model, key, random, ct); break;
                default:
                    await t.Store.DeleteAsync(t.Name(key), ct);
                    model.Remove(key);
                    break;
            }
        }

        return model;
    }

    private static async Task PutAsync(StoreTrial t, Dictionary<string, byte[]> model, string key, Random random, CancellationToken ct)
    {
        var content = new byte[random.Next(60_000)];
        random.NextBytes(content);
        if (model.ContainsKey(key)) await StoreTrial.RefusesAsync(Fault.NameTaken, t.Name(key), () => t.Store.PutAsync(t.Name(key), (byte[])[1, .. content], ct));
        else await t.CreateAsync(t.Name(key), model[key] = content, ct);
    }

    private static async Task FindAsync(StoreTrial t, Dictionary<string, byte[]> model, string key, CancellationToken ct)
    {
        var found = await t.Store.FindAsync(t.Name(key), ct);
        StoreTrial.Expect(found?.Length == model.GetValueOrDefault(key)?.Length, t.Name(key), $"found with {found?.Length} bytes, not as the model has it");
    }

    private static async Task ReadAsync(StoreTrial t, Dictionary<string, byte[]> model, string key, Random random, CancellationToken ct)
    {
        if (!model.TryGetValue(key, out var content))
        {
            await StoreTrial.RefusesAsync(Fault.NotFound, t.Name(key), () => t.Store.ReadAsync(t.Name(key), 0, new byte[1], ct));
            return;
        }

        var into = new byte[random.Next(1, 5000)];
        var offset = random.Next(content.Length + 10);
        var read = await t.Store.ReadAsync(t.Name(key), offset, into, ct);
        var expected = content.AsSpan(Math.Min(offset, content.Length));
        StoreTrial.Expect(into.AsSpan(0, read).SequenceEqual(expected[..Math.Min(expected.Length, into.Length)]), t.Name(key), $"a range from {offset} is not the model's");
    }

    private static async Task SharedNames(StoreTrial t, CancellationToken ct)
    {
        var content = Enumerable.Range(0, NamesEach).Select(_ => t.Bytes(30_000)).ToList();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(w => Task.Run(() => ShareAsync(t, w, content, ct), ct)));
        foreach (var (i, bytes) in content.Index())
        {
            await t.Store.PutAsync(t.Name($"shared/{i}"), bytes, ct);
            await t.HoldsAsync(t.Name($"shared/{i}"), bytes, ct);
        }
    }

    private static async Task ShareAsync(StoreTrial t, int worker, List<byte[]> contents, CancellationToken ct)
    {
        var random = new Random((t.Options.Seed * 2000) + worker);
        for (var step = 0; step < t.Options.LoadSteps / Workers / 2; step++)
        {
            var i = random.Next(NamesEach);
            var name = t.Name($"shared/{i}");
            if (random.Next(3) == 0) await t.Store.DeleteAsync(name, ct);
            else await PutOrVanishAsync(t.Store, name, contents[i], ct);
            await ReadWholeOrNothingAsync(t, name, contents[i], ct);
        }
    }

    private static async Task PutOrVanishAsync(IBlobStore store, BlobName name, byte[] content, CancellationToken ct)
    {
        try
        {
            await store.PutAsync(name, content, ct);
        }
        catch (EngineException e) when (e.Fault is Fault.StoreUnavailable or Fault.StoreLies)
        {
            // Deleted by another worker between 'taken' and the comparison, or before the put read it back: both must say so.
        }
    }

    private static async Task ReadWholeOrNothingAsync(StoreTrial t, BlobName name, byte[] content, CancellationToken ct)
    {
        try
        {
            var into = new byte[content.Length + 1];
            var read = await t.Store.ReadAsync(name, 0, into, ct);
            StoreTrial.Expect(into.AsSpan(0, read).SequenceEqual(content), name, $"{read} bytes that nobody put");
        }
        catch (EngineException e) when (e.Fault == Fault.NotFound)
        {
            // Another worker deleted it: fine.
        }
    }
}
