using System.Security.Cryptography;
using System.Text;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Repositories;

/// <summary>The sealed small objects of a repository, each named by the SHA-256 of its stored bytes. Safe for calls side by side.</summary>
internal sealed class RepositoryObjects(IBlobStore store, KeyRing keys)
{
    public const string IndexPrefix = "index/";
    public const string PointPrefix = "points/";
    public const string QuarantinePrefix = "quarantine/";

    public IBlobStore Store => store;

    public KeyRing Keys => keys;

    /// <summary>Seals and stores; the name is <paramref name="prefix"/> and the hash of what was stored.</summary>
    public async Task<BlobName> PutAsync(SealedPurpose purpose, string prefix, ReadOnlyMemory<byte> plain, CancellationToken ct)
    {
        var stored = SealedObject.Seal(keys, purpose, plain.Span, Encoding.UTF8.GetBytes(prefix), Compression.Zstd);
        var name = new BlobName(prefix + Convert.ToHexStringLower(SHA256.HashData(stored)));
        await store.PutAsync(name, stored, ct);
        return name;
    }

    /// <summary>The plain bytes of an object that <see cref="PutAsync"/> stored.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Corrupt"/>: not what its name says; or as <see cref="SealedObject.Open"/>.</exception>
    public async Task<byte[]> GetAsync(SealedPurpose purpose, string prefix, BlobName name, int maxPlain, CancellationToken ct)
    {
        var stored = await ReadAllAsync(name, maxPlain + SealedObject.Overhead, ct);
        if (!name.LastPart.Equals(Convert.ToHexStringLower(SHA256.HashData(stored)), StringComparison.Ordinal)) throw new EngineException(Fault.Corrupt, name.Value, "is not what its name says");
        return SealedObject.Open(keys, purpose, stored, Encoding.UTF8.GetBytes(prefix), maxPlain, name.Value);
    }

    /// <summary>A whole blob, if it has at most so many bytes.</summary>
    public async Task<byte[]> ReadAllAsync(BlobName name, int maxBytes, CancellationToken ct)
    {
        var info = await store.FindAsync(name, ct) ?? throw new EngineException(Fault.NotFound, name.Value, "does not exist");
        if (info.Length > maxBytes) throw new EngineException(Fault.Corrupt, name.Value, $"has {info.Length} bytes; at most {maxBytes} are possible");
        var bytes = new byte[info.Length];
        var got = await store.ReadAsync(name, 0, bytes, ct);
        return got == bytes.Length ? bytes : throw new EngineException(Fault.StoreLies, name.Value, $"has {info.Length} bytes in the list and {got} when read");
    }

    /// <summary>Names below a prefix.</summary>
    public async Task<List<BlobName>> ListAsync(string prefix, CancellationToken ct)
    {
        var names = new List<BlobName>();
        await foreach (var blob in store.ListAsync(prefix, ct)) names.Add(blob.Name);
        return names;
    }

    public async Task<string> PutIndexAsync(IReadOnlyList<PackEntry> packs, CancellationToken ct) =>
        (await PutAsync(SealedPurpose.Index, IndexPrefix, IndexObject.Encode(packs), ct)).Value;

    public Task<byte[]> GetIndexAsync(string name, CancellationToken ct) => GetAsync(SealedPurpose.Index, IndexPrefix, new BlobName(name), IndexObject.MaxBytes, ct);
}
