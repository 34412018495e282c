using System.Data;
using HyperBdr.Owl.Domain;
using HyperBdr.Owl.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace HyperBdr.Owl.Features.Trail;

/// <summary>Appends to the chains: one transaction for many entries of many tenants.</summary>
/// <remarks>
/// Plain SQL over arrays, because this is the one hot path of the suite. Writers of one tenant (other replicas included) take turns on its
/// head row; under that lock the trail itself tells whether an event is in it already, so a copy is dropped for good, however late it comes.
/// </remarks>
internal sealed class TrailStore(OwlDb db, CheckpointKey key, TimeProvider time)
{
    private const string MakeHeads = """
        insert into audit_heads (tenant_id, sequence, hash, checkpoint_sequence, checkpoint_at)
        select t, 0, decode(repeat('00', 32), 'hex'), 0, @now from unnest(@tenants) t on conflict do nothing
        """;
    private const string LockHeads = "select tenant_id, sequence, hash, checkpoint_sequence, checkpoint_at from audit_heads where tenant_id = any(@tenants) order by tenant_id for update";
    private const string FindKnown = "select id from audit_entries where id = any(@ids)";
    private const string AddEntries = """
        insert into audit_entries (tenant_id, sequence, id, kind, action, outcome, actor_id, actor_name, resource_type, resource_id, resource_name, source_ip, occurred_at, detail, previous_hash, hash)
        select * from unnest(@tenant_id, @sequence, @id, @kind, @action, @outcome, @actor_id, @actor_name, @resource_type, @resource_id, @resource_name, @source_ip, @occurred_at, @detail, @previous_hash, @hash)
        """;
    private const string MoveHeads = """
        update audit_heads h set sequence = u.s, hash = u.h, checkpoint_sequence = u.cs, checkpoint_at = u.ca
        from unnest(@tenants, @sequences, @hashes, @checkpoint_sequences, @checkpoint_ats) u(t, s, h, cs, ca) where h.tenant_id = u.t
        """;
    private const string AddCheckpoint = "insert into audit_checkpoints (tenant_id, sequence, hash, created_at, key_id, signature) values (@tenant, @sequence, @hash, @at, @key, @signature)";

    /// <summary>The new entries in the order of <paramref name="drafts"/>; null for a draft whose event is in the trail already.</summary>
    public async Task<AuditEntry?[]> AppendAsync(IReadOnlyList<AuditDraft> drafts, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, ct);
        var heads = await LockHeadsAsync(drafts.Select(d => d.TenantId).Distinct().Order().ToArray(), ct);
        var known = await KnownAsync(drafts.Select(d => d.Id).ToArray(), ct);
        var entries = new AuditEntry?[drafts.Count];
        var checkpoints = new List<Checkpoint>();
        for (var i = 0; i < drafts.Count; i++)
        {
            if (!known.Add(drafts[i].Id)) continue;
            var head = heads[drafts[i].TenantId];
            var entry = entries[i] = AuditEntry.After(head, drafts[i]);
            (head.Sequence, head.Hash) = (entry.Sequence, entry.Hash);
            if (entry.Sequence % Checkpoint.Interval == 0) checkpoints.Add(Mark(head));
        }

        var added = entries.OfType<AuditEntry>().ToArray();
        if (added.Length > 0)
        {
            await AddEntriesAsync(added, ct);
            await MoveHeadsAsync([.. heads.Values], ct);
            foreach (var checkpoint in checkpoints) await AddCheckpointAsync(checkpoint, ct);
        }

        await transaction.CommitAsync(ct);
        return entries;
    }

    /// <summary>Signs the end of each chain that has unsigned entries and no checkpoint since <paramref name="before"/>.</summary>
    public async Task<int> CheckpointAsync(DateTimeOffset before, CancellationToken ct)
    {
        var due = await db.Heads.AsNoTracking().Where(h => h.Sequence > h.CheckpointSequence && h.CheckpointAt < before).Select(h => h.TenantId).ToListAsync(ct);
        var signed = 0;
        foreach (var tenant in due)
        {
            await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, ct);
            var head = (await LockHeadsAsync([tenant], ct))[tenant];
            if (head.Sequence > head.CheckpointSequence && head.CheckpointAt < before)
            {
                await AddCheckpointAsync(Mark(head), ct);
                await MoveHeadsAsync([head], ct);
                signed++;
            }

            await transaction.CommitAsync(ct);
        }

        return signed;
    }

    private Checkpoint Mark(ChainHead head)
    {
        var checkpoint = key.Sign(head.TenantId, head.Sequence, head.Hash, time.GetUtcNow());
        (head.CheckpointSequence, head.CheckpointAt) = (checkpoint.Sequence, checkpoint.CreatedAt);
        return checkpoint;
    }

    private async Task<Dictionary<Guid, ChainHead>> LockHeadsAsync(Guid[] tenants, CancellationToken ct)
    {
        await using (var make = Command(MakeHeads, ("tenants", tenants), ("now", time.GetUtcNow()))) await make.ExecuteNonQueryAsync(ct);
        await using var select = Command(LockHeads, ("tenants", tenants));
        await using var rows = await select.ExecuteReaderAsync(ct);
        var heads = new Dictionary<Guid, ChainHead>();
        while (await rows.ReadAsync(ct))
        {
            heads[rows.GetGuid(0)] = new ChainHead
            {
                TenantId = rows.GetGuid(0),
                Sequence = rows.GetInt64(1),
                Hash = rows.GetFieldValue<byte[]>(2),
                CheckpointSequence = rows.GetInt64(3),
                CheckpointAt = rows.GetFieldValue<DateTimeOffset>(4),
            };
        }

        return heads;
    }

    private async Task<HashSet<Guid>> KnownAsync(Guid[] ids, CancellationToken ct)
    {
        await using var select = Command(FindKnown, ("ids", ids));
        await using var rows = await select.ExecuteReaderAsync(ct);
        var known = new HashSet<Guid>();
        while (await rows.ReadAsync(ct)) known.Add(rows.GetGuid(0));
        return known;
    }

    private async Task AddEntriesAsync(AuditEntry[] entries, CancellationToken ct)
    {
        await using var insert = Command(AddEntries,
            ("tenant_id", Array.ConvertAll(entries, e => e.TenantId)), ("sequence", Array.ConvertAll(entries, e => e.Sequence)), ("id", Array.ConvertAll(entries, e => e.Id)),
            ("kind", Array.ConvertAll(entries, e => e.Kind)), ("action", Array.ConvertAll(entries, e => e.Action)), ("outcome", Array.ConvertAll(entries, e => e.Outcome)),
            ("actor_name", Array.ConvertAll(entries, e => e.ActorName)), ("resource_type", Array.ConvertAll(entries, e => e.ResourceType)),
            ("resource_name", Array.ConvertAll(entries, e => e.ResourceName)), ("source_ip", Array.ConvertAll(entries, e => e.SourceIp)),
            ("occurred_at", Array.ConvertAll(entries, e => e.OccurredAt)), ("detail", Array.ConvertAll(entries, e => e.Detail)),
            ("previous_hash", Array.ConvertAll(entries, e => e.PreviousHash)), ("hash", Array.ConvertAll(entries, e => e.Hash)),
            ("actor_id", Array.ConvertAll(entries, e => e.ActorId)), ("resource_id", Array.ConvertAll(entries, e => e.ResourceId)));
        await insert.ExecuteNonQueryAsync(ct);
    }

    private async Task MoveHeadsAsync(ChainHead[] heads, CancellationToken ct)
    {
        await using var update = Command(MoveHeads,
            ("tenants", Array.ConvertAll(heads, h => h.TenantId)), ("sequences", Array.ConvertAll(heads, h => h.Sequence)), ("hashes", Array.ConvertAll(heads, h => h.Hash)),
            ("checkpoint_sequences", Array.ConvertAll(heads, h => h.CheckpointSequence)), ("checkpoint_ats", Array.ConvertAll(heads, h => h.CheckpointAt)));
        await update.ExecuteNonQueryAsync(ct);
    }

    private async Task AddCheckpointAsync(Checkpoint c, CancellationToken ct)
    {
        await using var insert = Command(AddCheckpoint, ("tenant", c.TenantId), ("sequence", c.Sequence), ("hash", c.Hash), ("at", c.CreatedAt), ("key", c.KeyId), ("signature", c.Signature));
        await insert.ExecuteNonQueryAsync(ct);
    }

    private NpgsqlCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = (NpgsqlCommand)db.Database.GetDbConnection().CreateCommand();
        command.Transaction = (NpgsqlTransaction?)db.Database.CurrentTransaction?.GetDbTransaction();
#pragma warning disable CA2100 // Only the constants above come here.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            var parameter = command.Parameters.AddWithValue(name, value);
            // An array of nothing but nulls has no type that could be guessed.
            if (value is string?[]) parameter.NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text;
            if (value is Guid?[]) parameter.NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid;
        }

        return command;
    }
}
