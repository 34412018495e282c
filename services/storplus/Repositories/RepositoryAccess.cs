using HyperBdr.Engine;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Repositories;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HyperBdr.Storplus.Repositories;

/// <summary>Makes and opens the repositories of the present tenant.</summary>
internal sealed class RepositoryAccess(StorplusDb db, RepositoryStores stores, Envelope envelope, SecretFiles files, TimeProvider time)
{
    private const string SlotLabel = "storplus";

    /// <summary>The pool's repository, made now if it is the first use.</summary>
    /// <remarks>The key is durable before anything is sealed with it; a cut between leaves a row whose repository the next call makes.</remarks>
    /// <exception cref="EngineException">The store failed, or something else lies at the place.</exception>
    public async Task<TenantRepository> EnsureAsync(Pool pool, CancellationToken ct)
    {
        var row = await db.Repositories.SingleOrDefaultAsync(r => r.PoolId == pool.Id, ct) ?? await AddAsync(pool, ct);
        if (row.EngineId is not null) return row;
        row.Made(await MakeAsync(pool, row, ct));
        await db.SaveChangesAsync(ct);
        return row;
    }

    /// <exception cref="EngineException">The repository cannot be opened.</exception>
    public async Task<Repository> OpenAsync(Pool pool, TenantRepository row, Patience patience, CancellationToken ct)
    {
        using var key = KeyText.Parse(KeyOf(row));
        var store = stores.Of(pool, patience);
        Repository repository;
        try
        {
            repository = await Repository.OpenAsync(store, key, Path.Combine(files.Home, "storplus", "cache"), time, ct);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }

        var found = repository.Config.RepositoryId;
        if (row.EngineId is null || row.EngineId == found) return repository;
        await repository.DisposeAsync();
        throw new EngineException(Fault.ForeignRepository, RepositoryStores.LocationOf(pool), $"holds the repository {found}, not {row.EngineId}");
    }

    /// <summary>The key of the service's slot, as text.</summary>
    public string KeyOf(TenantRepository row) => envelope.Open(row.SealedKey, row.KeyContext);

    private async Task<TenantRepository> AddAsync(Pool pool, CancellationToken ct)
    {
        var id = Guid.CreateVersion7();
        using var key = RawKey.Create();
        var row = TenantRepository.Of(id, pool, envelope.Seal(KeyText.Format(key), TenantRepository.KeyContextOf(id)), time.GetUtcNow());
        db.Repositories.Add(row);
        try
        {
            await db.SaveChangesAsync(ct);
            return row;
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            // Another call was first: its key counts.
            db.ChangeTracker.Clear();
            return await db.Repositories.SingleAsync(r => r.PoolId == pool.Id, ct);
        }
    }

    private async Task<Guid> MakeAsync(Pool pool, TenantRepository row, CancellationToken ct)
    {
        using var key = KeyText.Parse(KeyOf(row));
        await using (var store = stores.Of(pool, Patience.Call))
        {
            try
            {
                return (await Repository.InitAsync(store, pool.TenantId, [(key, SlotLabel)], ChunkingConstants.Default, ct)).RepositoryId;
            }
            catch (EngineException e) when (e.Fault == Fault.RepositoryExists)
            {
                // Made by a call that was cut, or by one at the same moment; if it is not ours, our key does not open it.
            }
        }

        await using var made = await OpenAsync(pool, row, Patience.Call, ct);
        return made.Config.RepositoryId;
    }
}
