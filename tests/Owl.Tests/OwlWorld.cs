using System.Text.Json;
using HyperBdr.Contracts.Events;
using HyperBdr.Fixtures;
using HyperBdr.Owl.Persistence;
using HyperBdr.Owl.Tests;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

[assembly: AssemblyFixture(typeof(OwlWorld))]

namespace HyperBdr.Owl.Tests;

/// <summary>The servers, one broker host and one owl for all tests of this assembly; tests keep apart by tenant.</summary>
public sealed class OwlWorld : IAsyncLifetime
{
    private readonly BackingServersFixture servers = new();
    private readonly string home = Path.Combine(Path.GetTempPath(), $"hyperbdr-owl-{Guid.CreateVersion7():n}");
    private RunningService<OwlDb>? owl;

    public string Home => home;

    public BackingServersFixture Servers => servers;

    public string Broker { get; private set; } = "";

    public string Database { get; private set; } = "";

    public RunningService<OwlDb> Owl => owl ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync()
    {
        await servers.InitializeAsync();
        Broker = await servers.NewVirtualHostAsync("owl", CancellationToken.None);
        Database = await servers.NewDatabaseAsync("owl", CancellationToken.None);
        owl = await StartOwlAsync();
    }

    /// <summary>One more owl on the same database and queue.</summary>
    public Task<RunningService<OwlDb>> StartOwlAsync() => RunningService<OwlDb>.StartAsync("owl", home, new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["ConnectionStrings:owldb"] = Database,
        ["ConnectionStrings:rabbitmq"] = Broker,
        ["ConnectionStrings:redis"] = servers.Redis,
    }, null, CancellationToken.None);

    /// <summary>Publishes as another service's outbox does.</summary>
    public async Task PublishAsync(IntegrationEvent e) =>
        await Owl.Services.GetRequiredService<IBus>().Publish(e, e.GetType(), c => c.MessageId = e.EventId);

    public static CallRecorded Call(Guid tenant, string action = "porter.enrolment_tokens.create", string actor = "ada") => new()
    {
        TenantId = tenant,
        OccurredAt = TimeProvider.System.GetUtcNow(),
        Action = action,
        Outcome = CallOutcome.Accepted,
        ActorId = Guid.CreateVersion7(),
        ActorName = actor,
        Role = "tenant_admin",
        Request = "POST /api/v1/porter/enrolment-tokens",
        SourceIp = "192.0.2.7",
    };

    public async ValueTask DisposeAsync()
    {
        if (owl is not null) await owl.DisposeAsync();
        await servers.DisposeAsync();
        if (Directory.Exists(home)) Directory.Delete(home, recursive: true);
    }

    public static Task<JsonElement> GetAsync(HttpClient client, string path, CancellationToken ct) => ReadAsync(client.GetAsync(new Uri(path, UriKind.Relative), ct), ct);

    public static async Task<JsonElement> ReadAsync(Task<HttpResponseMessage> answer, CancellationToken ct)
    {
        using var response = await answer;
        var text = await response.Content.ReadAsStringAsync(ct);
        return JsonSerializer.Deserialize<JsonElement>(text.Length == 0 ? "null" : text);
    }
}
