using System.Text.Json;
using HyperBdr.Fixtures;
using HyperBdr.Owl.Domain;
using HyperBdr.Owl.Features.Trail;
using HyperBdr.Owl.Persistence;
using HyperBdr.Report.Persistence;
using HyperBdr.Report.Tests;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

[assembly: AssemblyFixture(typeof(ReportWorld))]

namespace HyperBdr.Report.Tests;

/// <summary>Report and the real owl that it reads from; tests keep apart by tenant.</summary>
public sealed class ReportWorld : IAsyncLifetime
{
    private readonly BackingServersFixture servers = new();
    private RunningService<OwlDb>? owl;
    private RunningService<ReportDb>? report;
    private string broker = "";

    public string Home { get; } = Path.Combine(Path.GetTempPath(), $"hyperbdr-report-{Guid.CreateVersion7():n}");

    public BackingServersFixture Servers => servers;

    public RunningService<OwlDb> Owl => owl ?? throw new InvalidOperationException("not started");

    public RunningService<ReportDb> Report => report ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync()
    {
        await servers.InitializeAsync();
        broker = await servers.NewVirtualHostAsync("report", CancellationToken.None);
        owl = await RunningService<OwlDb>.StartAsync("owl", Home, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:owldb"] = await servers.NewDatabaseAsync("owl", CancellationToken.None),
            ["ConnectionStrings:rabbitmq"] = broker,
            ["ConnectionStrings:redis"] = servers.Redis,
        }, null, CancellationToken.None);
        report = await RunningService<ReportDb>.StartAsync("report", Home, Settings(await servers.NewDatabaseAsync("report", CancellationToken.None)), null, CancellationToken.None);
    }

    /// <summary>What a report service needs to know, on this database.</summary>
    public Dictionary<string, string> Settings(string database) => new(StringComparer.Ordinal)
    {
        ["ConnectionStrings:reportdb"] = database,
        ["ConnectionStrings:rabbitmq"] = broker,
        ["services:owl:grpc:0"] = Owl.Grpc.ToString(),
    };

    /// <summary>Puts entries into the tenant's trail as owl's writer does.</summary>
    public async Task FillAsync(Guid tenant, int count, Func<int, AuditDraft, AuditDraft> shape, CancellationToken ct)
    {
        for (var from = 0; from < count; from += 1000)
        {
            await using var scope = Owl.ScopeOf(tenant);
            var drafts = Enumerable.Range(from, Math.Min(1000, count - from))
                .Select(i => shape(i, new AuditDraft(Guid.CreateVersion7(), tenant, AuditKinds.Call, $"act.{i}", new DateTimeOffset(2026, 3, 29, 0, 59, 0, TimeSpan.Zero).AddSeconds(i), "{}") { ActorName = "ada" })).ToList();
            await scope.ServiceProvider.GetRequiredService<TrailStore>().AppendAsync(drafts, ct);
        }
    }

    public HttpClient As(string role, Guid tenant) => Report.As(RunningService<ReportDb>.Person(role, tenant));

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, CancellationToken ct) =>
        JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(ct) is { Length: > 0 } text ? text : "null");

    public async ValueTask DisposeAsync()
    {
        if (report is not null) await report.DisposeAsync();
        if (owl is not null) await owl.DisposeAsync();
        await servers.DisposeAsync();
        if (Directory.Exists(Home)) Directory.Delete(Home, recursive: true);
    }
}
