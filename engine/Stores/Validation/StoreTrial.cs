namespace HyperBdr.Engine.Stores.Validation;

/// <summary>One check's own corner of a store: names below a prefix of its own, random bytes from a seed, and expectations.</summary>
/// <param name="store">The store under trial.</param>
/// <param name="prefix">What this check's names begin with.</param>
/// <param name="options">How much to do.</param>
public sealed class StoreTrial(IBlobStore store, string prefix, StoreContractOptions options)
{
    private readonly Random random = new(options.Seed);

    /// <summary>The store under trial.</summary>
    public IBlobStore Store => store;

    /// <summary>What every name of this check begins with; ends with <c>/</c>.</summary>
    public string Prefix => prefix;

    /// <summary>How much to do.</summary>
    public StoreContractOptions Options => options;

    /// <summary>A name of this check.</summary>
    public BlobName Name(string name) => new(prefix + name);

    /// <summary>Random bytes; not for calls side by side.</summary>
    public byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Puts and expects the blob to be new.</summary>
    public async Task CreateAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct) =>
        Expect(await store.PutAsync(name, content, ct) == PutOutcome.Created, name, "a put under a free name did not say Created");

    /// <summary>The whole blob, by its found length.</summary>
    public async Task<byte[]> ReadAllAsync(BlobName name, CancellationToken ct)
    {
        var found = await store.FindAsync(name, ct) ?? throw Broken(name, "a blob that was put is not found");
        Expect(found.Length is >= 0 and <= int.MaxValue, name, $"found with {found.Length} bytes");
        var bytes = new byte[found.Length];
        var read = await store.ReadAsync(name, 0, bytes, ct);
        Expect(read == bytes.Length, name, $"read {read} of {bytes.Length} bytes");
        return bytes;
    }

    /// <summary>Expects the blob to hold exactly these bytes.</summary>
    public async Task HoldsAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        var bytes = await ReadAllAsync(name, ct);
        Expect(bytes.AsSpan().SequenceEqual(content.Span), name, $"{bytes.Length} bytes read are not the {content.Length} bytes put");
    }

    /// <summary>The names listed below this check's prefix and more, sorted, without the check's prefix.</summary>
    public async Task<List<string>> ListAsync(string more, CancellationToken ct)
    {
        var names = new List<string>();
        await foreach (var blob in store.ListAsync(prefix + more, ct)) names.Add(blob.Name.Value[prefix.Length..]);
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    /// <summary>Expects the call to fail with this fault.</summary>
    public static async Task RefusesAsync(Fault fault, BlobName name, Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (EngineException e) when (e.Fault == fault)
        {
            return;
        }

        throw Broken(name, $"{fault} was expected, and the call succeeded");
    }

    /// <summary>States what must hold.</summary>
    public static void Expect(bool holds, BlobName name, string otherwise)
    {
        if (!holds) throw Broken(name, otherwise);
    }

    /// <summary>A broken promise.</summary>
    public static EngineException Broken(BlobName name, string what) => new(Fault.StoreLies, name.Value, what);
}
