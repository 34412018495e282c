using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Engine;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Maintenance;
using HyperBdr.Engine.Repositories;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using HyperBdr.Storplus.Repositories;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Features.Repositories;

/// <summary>Keys of a repository: an escrow slot for an offline key pair, and a new seal epoch.</summary>
internal static class Keys
{
    public static readonly Error BadKey = Error.Field("public_key", "Enter the public half of a P-384 key pair as PEM (PUBLIC KEY).");

    /// <param name="PublicKey">PEM, P-384; the private half stays offline.</param>
    public sealed record EscrowRequest(string? PublicKey);

    /// <param name="Fingerprint">SHA-256 of the key's point, to be compared with what is on paper.</param>
    /// <param name="Location">Where the repository is, as <c>hbdr</c> takes it.</param>
    /// <param name="Slot">The key slot (base64), the name it has in the repository: a copy to keep beside the private key.</param>
    public sealed record EscrowResponse(string Fingerprint, string Location, string SlotName, string Slot);

    /// <param name="SealEpoch">New data is sealed under it.</param>
    public sealed record RotationResponse(long SealEpoch);

    public static void Map(RouteGroupBuilder repositories)
    {
        repositories.MapPost("/{id:guid}/escrow", async (Guid id, EscrowRequest body, Handler handler, CancellationToken ct) => (await handler.EscrowAsync(id, body, ct)).ToHttp())
            .WithName("storplus.keys.export").Produces<EscrowResponse>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).RequirePermission(Permissions.KeysExport);
        repositories.MapPost("/{id:guid}/rotation", async (Guid id, Handler handler, CancellationToken ct) => (await handler.RotateAsync(id, ct)).ToHttp())
            .WithName("storplus.keys.rotate").Produces<RotationResponse>().ProducesProblem(404).ProducesProblem(409).RequirePermission(Permissions.KeysExport);
    }

    internal sealed class Handler(StorplusDb db, RepositoryAccess access, CallContext call, TimeProvider time)
    {
        public async Task<Result<EscrowResponse>> EscrowAsync(Guid id, EscrowRequest body, CancellationToken ct)
        {
            if (KeyOf(body.PublicKey) is not { } key) return BadKey;
            return await WithAsync(id, async (row, pool, repository) =>
            {
                // The label carries the fingerprint, so that asking twice makes one slot.
                var label = $"escrow {key.Fingerprint}";
                var name = (await KeyChanges.ListSlotsAsync(repository, ct)).FirstOrDefault(s => s.IsGenuine && s.Kind == KeySlotKind.Escrow && s.Label == label)?.Name
                    ?? await KeyChanges.AddSlotAsync(repository, key, label, ct);
                row.Escrowed(key.Fingerprint, time.GetUtcNow());
                await db.SaveChangesAsync(ct);
                return new EscrowResponse(key.Fingerprint, RepositoryStores.LocationOf(pool), name, await SlotAsync(repository, name, ct));
            }, ct);
        }

        public Task<Result<RotationResponse>> RotateAsync(Guid id, CancellationToken ct) => WithAsync(id, async (row, _, repository) =>
        {
            using var key = KeyText.Parse(access.KeyOf(row));
            return new RotationResponse(await KeyChanges.RotateSealEpochAsync(repository, [key], ct));
        }, ct);

        private async Task<Result<T>> WithAsync<T>(Guid id, Func<TenantRepository, Pool, Repository, Task<T>> work, CancellationToken ct)
        {
            if (await db.Repositories.SingleOrDefaultAsync(r => r.Id == id, ct) is not { } row) return TenantRepository.NotFound;
            var pool = await db.Pools.AsNoTracking().SingleAsync(p => p.Id == row.PoolId, ct);
            call.Record?.Concerns("repository", row.Id, pool.Name);
            try
            {
                await using var repository = await access.OpenAsync(pool, row, Patience.Call, ct);
                return await work(row, pool, repository);
            }
            catch (Exception e) when (EngineErrors.Covers(e))
            {
                return EngineErrors.Of(e);
            }
        }

        private static async Task<string> SlotAsync(Repository repository, string name, CancellationToken ct)
        {
            await foreach (var (slot, stored) in RepositoryKeys.SlotsAsync(repository.Store, ct))
            {
                if (slot.Value == name) return Convert.ToBase64String(stored);
            }

            throw new EngineException(Fault.StoreLies, name, "was put and is not listed");
        }

        private static EscrowPublicKey? KeyOf(string? pem)
        {
            if (pem is not { Length: > 0 and <= 4096 } || pem.Contains("PRIVATE", StringComparison.Ordinal)) return null;
            try
            {
                return EscrowPublicKey.FromPem(pem);
            }
            catch (EngineException e) when (e.Fault == Fault.InvalidArgument)
            {
                return null;
            }
        }
    }
}
