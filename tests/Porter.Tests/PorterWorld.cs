using System.Text.Json;
using HyperBdr.Fixtures;
using HyperBdr.Porter.Persistence;
using HyperBdr.Porter.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(PorterWorld))]

namespace HyperBdr.Porter.Tests;

/// <summary>One porter on real servers for all tests of this assembly; tests keep apart by tenant.</summary>
public sealed class PorterWorld : IAsyncLifetime
{
    private readonly BackingServersFixture servers = new();
    private readonly string home = Path.Combine(Path.GetTempPath(), $"hyperbdr-porter-{Guid.CreateVersion7():n}");
    private RunningService<PorterDb>? porter;

    public RunningService<PorterDb> Porter => porter ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync()
    {
        await servers.InitializeAsync();
        porter = await RunningService<PorterDb>.StartAsync("porter", home, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ConnectionStrings:porterdb"] = await servers.NewDatabaseAsync("porter", CancellationToken.None),
            ["ConnectionStrings:rabbitmq"] = await servers.NewVirtualHostAsync("porter", CancellationToken.None),
        }, null, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (porter is not null) await porter.DisposeAsync();
        await servers.DisposeAsync();
        if (Directory.Exists(home)) Directory.Delete(home, recursive: true);
    }

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, CancellationToken ct) =>
        JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(ct) is { Length: > 0 } text ? text : "null");
}
