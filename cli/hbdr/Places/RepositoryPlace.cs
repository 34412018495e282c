using HyperBdr.Engine.Repositories;

namespace HyperBdr.Hbdr.Places;

/// <summary>A repository as named on the command line, not opened yet.</summary>
internal sealed record RepositoryPlace(StorePlace Store, KeyChoice Key, string CacheFolder, Io Io)
{
    public async Task<Repository> OpenAsync(CancellationToken ct)
    {
        // The key first: a mistyped path should not wait for a store.
        using var key = Key.Open(Io.Environment);
        var store = Store.Open();
        try
        {
            return await Repository.OpenAsync(store, key, CacheFolder, Io.Time, ct);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }
}
