using HyperBdr.Contracts.Security;
using HyperBdr.Owl.Domain;
using HyperBdr.Owl.Features.Trail;
using HyperBdr.Owl.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shouldly;
using Xunit;

namespace HyperBdr.Owl.Tests;

public sealed class ManyWriters(OwlWorld world)
{
    private readonly CancellationToken ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_owls_that_write_at_once_make_one_chain_and_drop_each_others_copies()
    {
        await using var second = await world.StartOwlAsync();
        var tenants = new[] { Guid.CreateVersion7(), Guid.CreateVersion7() };
        var drafts = Enumerable.Range(0, 400).Select(i => Draft(tenants[i % 2], $"w{i}")).ToArray();

        // Both get every event, in parts of different sizes that overlap.
        var writers = new[] { (Owl: world.Owl, Size: 17), (Owl: second, Size: 23) }.SelectMany(w => drafts.Chunk(w.Size).Select(part => (w.Owl, part)));
        await Parallel.ForEachAsync(writers, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = ct }, async (work, c) =>
        {
            await using var scope = work.Owl.ScopeOf(Tenants.Platform);
            await scope.ServiceProvider.GetRequiredService<TrailStore>().AppendAsync(work.part, c);
        });

        foreach (var tenant in tenants) (await VerifyAsync(tenant)).ShouldBe(new ChainVerdict(true, 200, null, null));
    }

    [Fact]
    public async Task A_checkpoint_is_signed_each_thousand_entries_and_hourly_and_a_rewritten_chain_does_not_match_it()
    {
        var tenant = Guid.CreateVersion7();
        await using var scope = world.Owl.ScopeOf(tenant);
        var store = scope.ServiceProvider.GetRequiredService<TrailStore>();
        var db = scope.ServiceProvider.GetRequiredService<OwlDb>();
        for (var i = 0; i < 6; i++) await store.AppendAsync([.. Enumerable.Range(0, 200).Select(n => Draft(tenant, $"{i}.{n}"))], ct);

        (await db.Checkpoints.Where(c => c.TenantId == tenant).Select(c => c.Sequence).ToListAsync(ct)).ShouldBe([1000]);
        await store.CheckpointAsync(TimeProvider.System.GetUtcNow().AddHours(1), ct);
        (await db.Checkpoints.Where(c => c.TenantId == tenant).OrderBy(c => c.Sequence).Select(c => c.Sequence).ToListAsync(ct)).ShouldBe([1000, 1200]);
        (await VerifyAsync(tenant)).Intact.ShouldBeTrue();

        await RewriteAsync(tenant, from: 1100);

        var verdict = await VerifyAsync(tenant);
        verdict.Intact.ShouldBeFalse();
        verdict.BrokenAt.ShouldBe(1200);
        verdict.Problem.ShouldBe("the chain was written anew: the signed checkpoint names another hash");
    }

    /// <summary>A thorough forger: changes an entry and makes every later hash, and the head, fit again.</summary>
    private async Task RewriteAsync(Guid tenant, long from)
    {
        await using var scope = world.Owl.ScopeOf(tenant);
        var db = scope.ServiceProvider.GetRequiredService<OwlDb>();
        var rows = await db.Entries.AsNoTracking().Where(e => e.Sequence >= from - 1).OrderBy(e => e.Sequence).ToListAsync(ct);
        await using var connection = new NpgsqlConnection(world.Database);
        await connection.OpenAsync(ct);
        await ExecuteAsync(connection, "set session_replication_role = replica");
        var head = new ChainHead { TenantId = tenant, Sequence = rows[0].Sequence, Hash = rows[0].Hash };
        foreach (var row in rows.Skip(1))
        {
            var forged = AuditEntry.After(head, new AuditDraft(row.Id, tenant, row.Kind, row.Action, row.OccurredAt, row.Detail) { ActorName = row.Sequence == from ? "mallory" : row.ActorName });
            await ExecuteAsync(connection, "update audit_entries set actor_name = @a, previous_hash = @p, hash = @h where tenant_id = @t and sequence = @s",
                ("a", (object?)forged.ActorName ?? DBNull.Value), ("p", forged.PreviousHash), ("h", forged.Hash), ("t", tenant), ("s", forged.Sequence));
            (head.Sequence, head.Hash) = (forged.Sequence, forged.Hash);
        }

        await ExecuteAsync(connection, "update audit_heads set hash = @h where tenant_id = @t", ("h", head.Hash), ("t", tenant));
        await ExecuteAsync(connection, "set session_replication_role = origin");
    }

    private async Task ExecuteAsync(NpgsqlConnection connection, string statement, params (string Name, object Value)[] values)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Statements of the test itself.
        command.CommandText = statement;
#pragma warning restore CA2100
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<ChainVerdict> VerifyAsync(Guid tenant)
    {
        await using var scope = world.Owl.ScopeOf(tenant);
        return await scope.ServiceProvider.GetRequiredService<VerifyTrail.Handler>().HandleAsync(ct);
    }

    private static AuditDraft Draft(Guid tenant, string action) => new(Guid.CreateVersion7(), tenant, AuditKinds.Event, action, TimeProvider.System.GetUtcNow(), "{}");
}
