using System.ComponentModel.DataAnnotations;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Events;
using HyperBdr.ServiceDefaults.Calls;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>What became of one host of a call.</summary>
/// <param name="Code">Why it was refused.</param>
public sealed record HostResult(Guid Id, bool Accepted, Guid? TaskId, string? Code, string? Message);

/// <summary>One result per host, in the order of the call.</summary>
public sealed record BulkResponse(IReadOnlyList<HostResult> Results);

/// <summary>One call for up to 100 hosts, each in a transaction of its own.</summary>
internal sealed class Bulk(AntDb db, HostRows rows, CallContext call, TimeProvider time)
{
    public const int Most = 100;

    /// <param name="change">Changes the locked host; its value is the task that it made, or null.</param>
    /// <param name="startsSyncs">Whether the tenant's lock is needed.</param>
    /// <returns>The refusal of the first host when none was accepted.</returns>
    public async Task<Result<BulkResponse>> RunAsync(IReadOnlyList<Guid> ids, Func<ProtectedHost, Task<Result<Guid?>>> change, bool startsSyncs, CancellationToken ct)
    {
        var results = new List<HostResult>();
        Error? first = null;
        foreach (var id in ids.Distinct())
        {
            var result = await OneAsync(id, change, startsSyncs, ct);
            first ??= result.Error;
            results.Add(result.IsError ? new HostResult(id, false, null, result.Error.Code, result.Error.Message) : new HostResult(id, true, result.Value, null, null));
        }

        return results.Exists(r => r.Accepted) || first is null ? new BulkResponse(results)
            : first with { Fields = results.ToDictionary(r => r.Id.ToString(), r => new[] { r.Message! }, StringComparer.Ordinal) };
    }

    private async Task<Result<Guid?>> OneAsync(Guid id, Func<ProtectedHost, Task<Result<Guid?>>> change, bool startsSyncs, CancellationToken ct)
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (startsSyncs) await rows.LockTenantAsync(call.TenantId, ct);
        if (await rows.LockAsync(id, ct) is not { } host) return ProtectedHost.NotFound;
        call.Record?.Concerns("host", host.Id, host.Name);
        var stage = host.Stage;
        var result = await change(host);
        if (result.IsError) return result.Error;
        if (host.Stage != stage)
        {
            var word = System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(host.Stage.ToString());
            db.Add(new HostStageChanged(host.Id, host.Name, word, call.Caller.Name) { TenantId = host.TenantId, OccurredAt = time.GetUtcNow() });
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return result;
    }
}

/// <summary>Hosts that a call is about.</summary>
public record HostIds([property: Required, MinLength(1), MaxLength(Bulk.Most)] IReadOnlyList<Guid> Ids);
