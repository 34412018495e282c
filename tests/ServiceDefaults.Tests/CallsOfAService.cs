using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.ServiceDefaults.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;
using Shouldly;
using Xunit;

namespace HyperBdr.ServiceDefaults.Tests;

public sealed class CallsOfAService(BackingServersFixture servers)
{
    [Theory]
    [InlineData("fine", Roles.Operator, HttpStatusCode.OK, CallOutcome.Accepted, null)]
    [InlineData("refuse", Roles.Operator, HttpStatusCode.Conflict, CallOutcome.Refused, "request.conflict")]
    [InlineData("x", Roles.Operator, HttpStatusCode.BadRequest, CallOutcome.Refused, "request.validation")]
    [InlineData("fine", Roles.ReadOnly, HttpStatusCode.Forbidden, CallOutcome.Denied, "auth.forbidden")]
    [InlineData("explode", Roles.Operator, HttpStatusCode.InternalServerError, CallOutcome.Accepted, null)]
    public async Task A_mutating_call_has_one_entry_however_it_ends(string text, string role, HttpStatusCode status, CallOutcome outcome, string? code)
    {
        await using var desk = await Desk.OpenAsync(servers);
        var recorded = await CaptureAsync(desk, async () =>
        {
            using var answer = await desk.Client(role).PostAsJsonAsync("/notes", new { note_text = text });
            answer.StatusCode.ShouldBe(status);
        });

        var entry = recorded.ShouldHaveSingleItem();
        entry.Action.ShouldBe("desk.notes.create");
        entry.Outcome.ShouldBe(outcome);
        entry.Code.ShouldBe(code);
        entry.TenantId.ShouldBe(desk.Tenant);
        entry.SourceIp.ShouldBe("192.0.2.7");
    }

    [Fact]
    public async Task A_read_has_no_entry()
    {
        await using var desk = await Desk.OpenAsync(servers);
        (await CaptureAsync(desk, async () => (await desk.Client(Roles.ReadOnly).GetAsync("/notes")).StatusCode.ShouldBe(HttpStatusCode.OK))).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_fault_says_nothing_of_the_inside()
    {
        await using var desk = await Desk.OpenAsync(servers);
        using var answer = await desk.Client(Roles.Operator).PostAsJsonAsync("/notes", new { note_text = "explode" });

        var text = await answer.Content.ReadAsStringAsync();
        text.ShouldNotContain("secret of the inside");
        var problem = JsonNode.Parse(text)!;
        problem["code"]!.GetValue<string>().ShouldBe("service.internal");
        problem["trace_id"]!.GetValue<string>().ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_field_is_named_as_the_json_names_it()
    {
        await using var desk = await Desk.OpenAsync(servers);
        using var answer = await desk.Client(Roles.Operator).PostAsJsonAsync("/notes", new { note_text = "x" });

        JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["errors"]!["note_text"].ShouldNotBeNull();
    }

    [Fact]
    public async Task A_token_for_another_service_is_no_token()
    {
        await using var desk = await Desk.OpenAsync(servers);
        (await desk.Client(Roles.Operator, audience: "owl").GetAsync("/notes")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await desk.App.GetTestClient().GetAsync("/notes")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_tenant_sees_its_own_rows_only()
    {
        await using var desk = await Desk.OpenAsync(servers);
        foreach (var tenant in new[] { desk.Tenant, Guid.CreateVersion7() })
        {
            await desk.AsAsync(tenant, async db =>
            {
                db.Notes.Add(new Note { Id = Guid.CreateVersion7(), TenantId = tenant, Text = tenant.ToString() });
                return await db.SaveChangesAsync();
            });
        }

        (await desk.Client(Roles.ReadOnly).GetFromJsonAsync<string[]>("/notes")).ShouldBe([desk.Tenant.ToString()]);
    }

    [Fact]
    public async Task A_service_with_an_endpoint_that_says_nothing_about_access_does_not_start()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["HYPERBDR_HOME"] = Directory.CreateTempSubdirectory("hyperbdr-desk-").FullName });
        builder.WebHost.UseTestServer();
        builder.AddServiceDefaults("desk");
        await using var app = builder.Build();
        app.MapGet("/open", () => "anybody?").WithName("desk.open");

        var fault = await Should.ThrowAsync<InvalidOperationException>(() => app.StartAsync());
        fault.Message.ShouldContain("/open");
    }

    /// <summary>The audit entries that a piece of work put into the outbox, read by a trigger so that sending them does not race.</summary>
    private static async Task<List<CallRecorded>> CaptureAsync(Desk desk, Func<Task> work)
    {
        await desk.AsAsync(desk.Tenant, db => db.Database.ExecuteSqlRawAsync("""
            create table captured (type text, payload jsonb);
            create function capture() returns trigger language plpgsql as $$ begin insert into captured values (new.type, new.payload); return new; end $$;
            create trigger capture after insert on outbox for each row execute function capture();
            """));
        await work();
        var payloads = new List<CallRecorded>();
        await using var connection = new NpgsqlConnection(desk.App.Configuration["ConnectionStrings:deskdb"]);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select payload::text from captured where type = 'CallRecorded'", connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) payloads.Add(JsonSerializer.Deserialize<CallRecorded>(reader.GetString(0), Json.Options)!);
        return payloads;
    }
}
