using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Owl.Persistence;
using Npgsql;
using Shouldly;
using Xunit;

namespace HyperBdr.Owl.Tests;

/// <summary>What a person with the database's password could do to the trail, and how verification sees it.</summary>
public sealed class TheChain(OwlWorld world)
{
    private readonly CancellationToken ct = TestContext.Current.CancellationToken;
    private readonly Guid tenant = Guid.CreateVersion7();

    [Fact]
    public async Task Verifies_when_nobody_touched_it()
    {
        await FillAsync(12);

        (await VerifyAsync()).ShouldBe((true, 12, null));
    }

    [Fact]
    public async Task The_database_itself_refuses_to_change_or_delete_entries()
    {
        await FillAsync(2);

        foreach (var statement in new[] { "update audit_entries set actor_name = 'nobody'", "delete from audit_entries", "truncate audit_entries", "truncate audit_checkpoints, audit_entries" })
        {
            var refusal = await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(statement, disabled: false));
            refusal.MessageText.ShouldContain("append-only");
        }
    }

    [Theory]
    [InlineData("update audit_entries set actor_name = 'mallory' where tenant_id = @t and sequence = 5", 5, "changed")]
    [InlineData("update audit_entries set detail = '{}' where tenant_id = @t and sequence = 1", 1, "changed")]
    [InlineData("update audit_entries set occurred_at = occurred_at + interval '1 microsecond' where tenant_id = @t and sequence = 12", 12, "changed")]
    [InlineData("delete from audit_entries where tenant_id = @t and sequence = 7", 7, "missing")]
    [InlineData("delete from audit_entries where tenant_id = @t and sequence = 1", 1, "missing")]
    [InlineData("delete from audit_entries where tenant_id = @t and sequence > 10", 11, "head")]
    [InlineData("update audit_entries set sequence = case sequence when 3 then 1003 when 4 then 1004 else sequence end where tenant_id = @t and sequence in (3, 4); update audit_entries set sequence = case sequence when 1003 then 4 else 3 end where tenant_id = @t and sequence > 1000", 3, "does not follow")]
    [InlineData("insert into audit_entries select tenant_id, 13, gen_random_uuid(), kind, action, outcome, actor_id, actor_name, resource_type, resource_id, resource_name, source_ip, occurred_at, detail, hash, hash from audit_entries where tenant_id = @t and sequence = 12", 13, "changed")]
    public async Task Shows_what_was_changed_deleted_reordered_or_inserted(string act, long at, string word)
    {
        await FillAsync(12);
        await ExecuteAsync(act, disabled: true);

        using var auditor = Auditor();
        var verdict = await OwlWorld.ReadAsync(auditor.PostAsync(new Uri("/api/v1/owl/audit/verify", UriKind.Relative), null, ct), ct);

        verdict.GetProperty("intact").GetBoolean().ShouldBeFalse();
        verdict.GetProperty("broken_at").GetInt64().ShouldBe(at);
        verdict.GetProperty("problem").GetString()!.ShouldContain(word);
    }

    [Fact]
    public async Task A_copy_of_an_event_is_no_second_entry()
    {
        var e = OwlWorld.Call(tenant);
        for (var i = 0; i < 10; i++) await world.PublishAsync(e);
        await world.PublishAsync(OwlWorld.Call(tenant, "last"));

        await EntriesAsync(2);
        await world.PublishAsync(e);
        await world.PublishAsync(OwlWorld.Call(tenant, "very last"));

        await EntriesAsync(3);
        (await VerifyAsync()).ShouldBe((true, 3, null));
    }

    [Fact]
    public async Task Keeps_the_events_of_an_object_in_their_order()
    {
        var token = Guid.CreateVersion7();
        for (var i = 0; i < 300; i++) await world.PublishAsync(new EnrolmentTokenRevoked(token, $"{i:000}") { TenantId = tenant, OccurredAt = TimeProvider.System.GetUtcNow() });
        await EntriesAsync(300);

        using var auditor = Auditor();
        var names = new List<string>();
        for (var page = 1; page <= 3; page++)
        {
            var rows = await OwlWorld.GetAsync(auditor, $"/api/v1/owl/audit?page_size=100&page={page}", ct);
            names.AddRange(rows.GetProperty("items").EnumerateArray().Select(r => r.GetProperty("resource_name").GetString()!));
        }

        names.ShouldBe(Enumerable.Range(0, 300).Reverse().Select(i => $"{i:000}"));
    }

    [Fact]
    public async Task One_tenant_sees_nothing_of_another()
    {
        await FillAsync(3);
        using var stranger = world.Owl.As(RunningService<OwlDb>.Person(Roles.TenantAdmin, Guid.CreateVersion7()));
        using var auditor = Auditor();
        var own = (await OwlWorld.GetAsync(auditor, "/api/v1/owl/audit", ct)).GetProperty("items")[0].GetProperty("id").GetString();

        (await OwlWorld.GetAsync(stranger, "/api/v1/owl/audit", ct)).GetProperty("total").GetInt32().ShouldBe(0);
        (await OwlWorld.GetAsync(auditor, $"/api/v1/owl/audit/{own}", ct)).GetProperty("id").GetString().ShouldBe(own);
        (await OwlWorld.GetAsync(stranger, $"/api/v1/owl/audit/{own}", ct)).GetProperty("code").GetString().ShouldBe("owl.audit.not_found");
        (await OwlWorld.ReadAsync(stranger.PostAsync(new Uri("/api/v1/owl/audit/verify", UriKind.Relative), null, ct), ct)).GetProperty("entries").GetInt64().ShouldBe(0);
    }

    [Fact]
    public async Task Can_be_searched()
    {
        await world.PublishAsync(OwlWorld.Call(tenant, "porter.enrolment_tokens.create", "ada"));
        await world.PublishAsync(OwlWorld.Call(tenant, "storplus.pool.create", "grace_100%"));
        await world.PublishAsync(new PoolDeleted(Guid.CreateVersion7(), "cellar") { TenantId = tenant, OccurredAt = TimeProvider.System.GetUtcNow() });
        await EntriesAsync(3);
        using var auditor = Auditor();

        async Task<int> FoundAsync(string filter) => (await OwlWorld.GetAsync(auditor, $"/api/v1/owl/audit?{filter}", ct)).GetProperty("total").GetInt32();

        (await FoundAsync("kind=event")).ShouldBe(1);
        (await FoundAsync("actor=GRACE")).ShouldBe(1);
        (await FoundAsync("actor=_100%25")).ShouldBe(1);
        (await FoundAsync("actor=%25")).ShouldBe(1);
        (await FoundAsync("actor=a_a")).ShouldBe(0);
        (await FoundAsync("resource_type=pool")).ShouldBe(1);
        (await FoundAsync("outcome=accepted")).ShouldBe(2);
        (await FoundAsync("q=cellar")).ShouldBe(1);
        (await FoundAsync("from=2000-01-01T00:00:00Z&to=2001-01-01T00:00:00%2B02:00")).ShouldBe(0);
        (await FoundAsync("before_sequence=3")).ShouldBe(2);
        (await OwlWorld.GetAsync(auditor, "/api/v1/owl/audit?from=yesterday", ct)).GetProperty("code").GetString().ShouldBe("request.malformed");
        (await OwlWorld.GetAsync(auditor, "/api/v1/owl/audit?q=%00", ct)).GetProperty("code").GetString().ShouldBe("request.malformed");
    }

    private HttpClient Auditor() => world.Owl.As(RunningService<OwlDb>.Person(Roles.Auditor, tenant));

    private async Task FillAsync(int entries)
    {
        for (var i = 0; i < entries; i++) await world.PublishAsync(OwlWorld.Call(tenant, $"ant.task.{i}"));
        await EntriesAsync(entries);
    }

    private async Task EntriesAsync(int expected)
    {
        using var auditor = Auditor();
        await Eventually.IsAsync(async c => (await OwlWorld.GetAsync(auditor, "/api/v1/owl/audit?page_size=1", c)).GetProperty("total").GetInt32(), n => n == expected, ct);
    }

    private async Task<(bool Intact, long Entries, string? Problem)> VerifyAsync()
    {
        using var auditor = Auditor();
        var verdict = await OwlWorld.ReadAsync(auditor.PostAsync(new Uri("/api/v1/owl/audit/verify", UriKind.Relative), null, ct), ct);
        return (verdict.GetProperty("intact").GetBoolean(), verdict.GetProperty("entries").GetInt64(), verdict.TryGetProperty("problem", out var p) ? p.GetString() : null);
    }

    /// <param name="disabled">As a superuser who switched the trigger off.</param>
    private async Task ExecuteAsync(string statements, bool disabled)
    {
        await using var connection = new NpgsqlConnection(world.Database);
        await connection.OpenAsync(ct);
        if (disabled) await RunAsync(connection, "set session_replication_role = replica");
        foreach (var statement in statements.Split(';')) await RunAsync(connection, statement);
        if (disabled) await RunAsync(connection, "set session_replication_role = origin");
    }

    private async Task RunAsync(NpgsqlConnection connection, string statement)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Statements of the test itself.
        command.CommandText = statement;
#pragma warning restore CA2100
        if (statement.Contains("@t", StringComparison.Ordinal)) command.Parameters.AddWithValue("t", tenant);
        await command.ExecuteNonQueryAsync(ct);
    }
}
