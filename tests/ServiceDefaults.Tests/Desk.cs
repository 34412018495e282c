using System.Collections.Concurrent;
using System.Diagnostics;
using HyperBdr.Contracts.Events;
using HyperBdr.Fixtures;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Persistence;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using System.ComponentModel.DataAnnotations;
using Xunit;

namespace HyperBdr.ServiceDefaults.Tests;

/// <summary>A note of a tenant: the smallest thing that a service can own.</summary>
public sealed class Note : ITenantOwned
{
    public required Guid Id { get; init; }
    public required Guid TenantId { get; init; }
    public required string Text { get; set; }
}

/// <summary>What a handler saw, in the order of its commits.</summary>
public sealed class Seen
{
    public long Id { get; private set; }
    public required Guid AggregateId { get; init; }
    public required string Text { get; init; }
}

public sealed class DeskDb(DbContextOptions<DeskDb> options, ServiceDbParts parts) : ServiceDb(options, parts)
{
    public DbSet<Note> Notes => Set<Note>();

    public DbSet<Seen> Seen => Set<Seen>();
}

/// <summary>Stores the event's name; faults as the event asks for.</summary>
internal sealed class DeskHandler(DeskDb db, FaultPlan plan) : IEventHandler<PoolDeleted>
{
    public Task HandleAsync(PoolDeleted message, CancellationToken ct)
    {
        plan.Next(message);
        db.Seen.Add(new Seen { AggregateId = message.AggregateId, Text = message.Name });
        return Task.CompletedTask;
    }
}

internal sealed class FaultPlan
{
    private readonly HashSet<Guid> failed = [];

    /// <summary>The trace of each handling.</summary>
    public ConcurrentQueue<string?> Traces { get; } = [];

    /// <summary>Events named <c>poison…</c> fail for good; those named <c>…stumble</c> fail the first time.</summary>
    public void Next(PoolDeleted e)
    {
        Traces.Enqueue(Activity.Current?.TraceId.ToString());
        if (e.Name.StartsWith("poison", StringComparison.Ordinal)) throw new PermanentFaultException("cannot be handled");
        lock (failed)
        {
            if (e.Name.EndsWith("stumble", StringComparison.Ordinal) && failed.Add(e.EventId)) throw new TimeoutException("not now");
        }
    }
}

/// <summary>A service with one table, on the real servers.</summary>
internal sealed class Desk : IAsyncDisposable
{
    private Desk(WebApplication app) => App = app;

    public WebApplication App { get; }

    public Guid Tenant { get; } = Guid.CreateVersion7();

    public sealed record NewNote([property: StringLength(8, MinimumLength = 2)] string NoteText);

    public static async Task<Desk> OpenAsync(BackingServersFixture servers, string? database = null, string? bus = null)
    {
        var home = Directory.CreateTempSubdirectory("hyperbdr-desk-").FullName;
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["HYPERBDR_HOME"] = home,
            ["ConnectionStrings:deskdb"] = database ?? await servers.NewDatabaseAsync("desk", TestContext.Current.CancellationToken),
            ["ConnectionStrings:rabbitmq"] = bus ?? await servers.NewVirtualHostAsync("desk", TestContext.Current.CancellationToken),
        });
        builder.WebHost.UseTestServer();
        builder.AddServiceDefaults("desk");
        builder.AddDatabase<DeskDb>("deskdb");
        builder.AddBus(Handle);
        await Bus.DeployAsync(builder.Configuration.GetConnectionString("rabbitmq")!, "desk", Handle, TestContext.Current.CancellationToken);
        builder.Services.AddSingleton<FaultPlan>();
        var desk = new Desk(builder.Build());
        desk.MapNotes();
        await using (var scope = desk.App.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<DeskDb>().Database.EnsureCreatedAsync();
        await desk.App.StartAsync();
        return desk;
    }

    private static void Handle(EventHandlers events) => events.Add<PoolDeleted, DeskHandler>();

    /// <summary>Does something in the tenant's name, as a handler of a call does.</summary>
    public async Task<T> AsAsync<T>(Guid tenant, Func<DeskDb, Task<T>> work)
    {
        await using var scope = App.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = new Caller(Guid.CreateVersion7(), "ann", tenant, Roles.Operator, "session");
        return await work(scope.ServiceProvider.GetRequiredService<DeskDb>());
    }

    public PoolDeleted Event(string name, Guid? aggregate = null) =>
        new(aggregate ?? Guid.CreateVersion7(), name) { TenantId = Tenant, OccurredAt = TimeProvider.System.GetUtcNow() };

    public Task<List<Seen>> SeenAsync() => AsAsync(Tenant, db => db.Seen.OrderBy(s => s.Id).ToListAsync());

    /// <summary>A client with the gateway's token for a caller of this role.</summary>
    public HttpClient Client(string role, string audience = "desk")
    {
        var client = App.GetTestClient();
        var token = App.Services.GetRequiredService<InternalTokens>().Mint("gateway", audience, new Caller(Guid.CreateVersion7(), "ann", Tenant, role, role.Length == 0 ? "anonymous" : "session", "192.0.2.7"));
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
    }

    private void MapNotes()
    {
        App.UseServiceDefaults();
        var notes = App.MapGroup("/notes");
        notes.MapPost("/", async (NewNote body, DeskDb db, CallContext call, CancellationToken ct) =>
        {
            var note = new Note { Id = Guid.CreateVersion7(), TenantId = call.TenantId, Text = body.NoteText };
            if (string.Equals(body.NoteText, "refuse", StringComparison.Ordinal)) return CommonErrors.Conflict.ToHttp();
            db.Notes.Add(note);
            call.Record?.Concerns("note", note.Id, note.Text);
            await db.SaveChangesAsync(ct);
            return string.Equals(body.NoteText, "explode", StringComparison.Ordinal) ? throw new InvalidDataException("secret of the inside") : TypedResults.Ok(note);
        }).WithName("desk.notes.create").RequirePermission(Permissions.TasksRun);
        notes.MapGet("/", async (DeskDb db, CancellationToken ct) => TypedResults.Ok(await db.Notes.Select(n => n.Text).ToListAsync(ct)))
            .WithName("desk.notes.list").RequirePermission(Permissions.TasksRead);
    }
}
