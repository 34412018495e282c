using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Fixtures.Services;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Persistence;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace HyperBdr.Ant.Tests;

/// <summary>Databases, virtual host and home of one test class; services are started in it as processes.</summary>
public sealed class Bench : IAsyncDisposable
{
    private readonly List<ServiceProcess> services = [];

    private Bench(string home, string antDb, string storplusDb, string rabbit) => (Home, AntConnection, StorplusConnection, Rabbit) = (home, antDb, storplusDb, rabbit);

    public string Home { get; }

    public string AntConnection { get; }

    public string StorplusConnection { get; }

    public string Rabbit { get; }

    public Guid Tenant { get; } = Guid.CreateVersion7();

    public static async Task<Bench> PrepareAsync(BackingServersFixture servers, string name)
    {
        var ct = CancellationToken.None;
        var home = Path.Combine(Path.GetTempPath(), $"hyperbdr-{name}-{Guid.CreateVersion7():n}");
        Directory.CreateDirectory(home);
        var bench = new Bench(home, await servers.NewDatabaseAsync("ant", ct), await servers.NewDatabaseAsync("storplus", ct), await servers.NewVirtualHostAsync(name, ct));
        await using (var db = bench.Ant()) await db.Database.MigrateAsync(ct);
        await using (var db = bench.Storplus()) await db.Database.MigrateAsync(ct);
        return bench;
    }

    public AntDb Ant(Guid? tenant = null) => new(Options<AntDb>(AntConnection), Parts(tenant));

    public StorplusDb Storplus(Guid? tenant = null) => new(Options<StorplusDb>(StorplusConnection), Parts(tenant));

    public async Task<ServiceProcess> StartStorplusAsync(params (string Key, string Value)[] more)
    {
        var service = New("storplus", [("ConnectionStrings__storplusdb", StorplusConnection), .. more]);
        await service.StartAsync();
        return service;
    }

    /// <param name="storplus">gRPC address of storplus or of what stands for it.</param>
    public async Task<ServiceProcess> StartAntAsync(Uri storplus, params (string Key, string Value)[] more)
    {
        var service = New("ant", [("ConnectionStrings__antdb", AntConnection), ("services__storplus__grpc__0", storplus.ToString()), .. more]);
        await service.StartAsync();
        return service;
    }

    public ServiceCaller Call(ServiceProcess service, string role = Roles.TenantAdmin, Guid? tenant = null) =>
        new(service, Home, new Caller(Guid.CreateVersion7(), "ops", tenant ?? Tenant, role, "session"));

    /// <summary>Kills all services; databases and virtual host stay.</summary>
    public async Task StopServicesAsync()
    {
        foreach (var service in services) await service.DisposeAsync();
        services.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await StopServicesAsync();
        Directory.Delete(Home, recursive: true);
    }

    private ServiceProcess New(string name, IEnumerable<(string Key, string Value)> settings)
    {
        var all = settings.ToDictionary(s => s.Key, s => s.Value, StringComparer.Ordinal);
        all["ConnectionStrings__rabbitmq"] = Rabbit;
        var service = new ServiceProcess(name, Home, all);
        services.Add(service);
        return service;
    }

    private ServiceDbParts Parts(Guid? tenant) =>
        new(new CallContext { Caller = Caller.Service("tests", tenant ?? Tenant) }, TimeProvider.System, new OutboxSignal());

    private static DbContextOptions<TDb> Options<TDb>(string connection)
        where TDb : DbContext
    {
        var options = new DbContextOptionsBuilder<TDb>();
        options.UseService(connection);
        return options.Options;
    }
}

/// <summary>One bench for all tests of a class.</summary>
public sealed class BenchFixture(BackingServersFixture servers) : IAsyncLifetime
{
    public Bench Bench { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Bench = await Bench.PrepareAsync(servers, "ant");

    public ValueTask DisposeAsync() => Bench.DisposeAsync();
}

/// <summary>One running ant with a scripted storplus for all tests of a class; each test has a tenant of its own.</summary>
public sealed class AntFixture(BackingServersFixture servers) : IAsyncLifetime
{
    public Bench Bench { get; private set; } = null!;

    internal ScriptedStorplus Storplus { get; private set; } = null!;

    public ServiceProcess Ant { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Bench = await Bench.PrepareAsync(servers, "ant");
        Storplus = await ScriptedStorplus.StartAsync();
        Ant = await Bench.StartAntAsync(Storplus.Address);
    }

    public async ValueTask DisposeAsync()
    {
        await Bench.DisposeAsync();
        await Storplus.DisposeAsync();
    }
}
