using HyperBdr.Fixtures;
using HyperBdr.Fixtures.Services;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Persistence;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace HyperBdr.Storplus.Tests;

/// <summary>One running storplus for all tests of a class; each test has a tenant of its own.</summary>
public class StorplusFixture(BackingServersFixture servers) : IAsyncLifetime
{
    public string Home { get; } = Directory.CreateTempSubdirectory("hyperbdr-storplus-").FullName;

    public string Connection { get; private set; } = "";

    public ServiceProcess Service { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Connection = await servers.NewDatabaseAsync("storplus", default);
        await using (var db = Db(Connection, Guid.Empty)) await db.Database.MigrateAsync();
        Service = new ServiceProcess("storplus", Home, new Dictionary<string, string>(await SettingsAsync(), StringComparer.Ordinal)
        {
            ["ConnectionStrings__storplusdb"] = Connection,
            ["ConnectionStrings__rabbitmq"] = await servers.NewVirtualHostAsync("storplus", default),
        });
        await Service.StartAsync();
    }

    /// <summary>Settings beside those that every test needs.</summary>
    protected virtual Task<Dictionary<string, string>> SettingsAsync() => Task.FromResult(new Dictionary<string, string>(StringComparer.Ordinal));

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Service.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }

    public static StorplusDb Db(string connection, Guid tenant)
    {
        var options = new DbContextOptionsBuilder<StorplusDb>();
        options.UseService(connection);
        return new StorplusDb(options.Options, new ServiceDbParts(new CallContext { Caller = Caller.Service("tests", tenant) }, TimeProvider.System, new OutboxSignal()));
    }
}
