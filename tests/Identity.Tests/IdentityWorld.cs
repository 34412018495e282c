using System.Collections.Concurrent;
using Grpc.Core;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Identity.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Persistence;
using HyperBdr.Identity.Tests;
using HyperBdr.ServiceDefaults.Security;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OtpNet;
using Xunit;

[assembly: AssemblyFixture(typeof(IdentityWorld))]

namespace HyperBdr.Identity.Tests;

/// <summary>The servers and one identity for all tests of this assembly; tests keep apart by tenant, user and address.</summary>
public sealed class IdentityWorld : IAsyncLifetime
{
    /// <summary>All tests share a clock, so they run one after another: who moves it must not age another test's sessions.</summary>
    public const string OneClock = "one clock";

    public const string Password = "Correct-Horse-7";

    /// <summary>Signs activation codes.</summary>
    public static readonly System.Security.Cryptography.ECDsa Seller = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);

    private readonly BackingServersFixture servers = new();
    private readonly string home = Path.Combine(Path.GetTempPath(), $"hyperbdr-identity-{Guid.CreateVersion7():n}");
    private RunningService<IdentityDb>? identity;
    private string hash = "";
    private int counter;

    public BackingServersFixture Servers => servers;

    public ManualTime Time { get; } = new();

    public RunningService<IdentityDb> Identity => identity ?? throw new InvalidOperationException("not started");

    public ConcurrentQueue<IntegrationEvent> Events { get; } = new();

    public string Broker { get; private set; } = "";

    /// <summary>A Redis database of this assembly's own, so that a test may empty it.</summary>
    public string Redis => $"{servers.Redis},defaultDatabase=9,allowAdmin=true";

    /// <summary>Another name with each call.</summary>
    public string Name(string kind) => $"{kind}-{Interlocked.Increment(ref counter)}";

    public async ValueTask InitializeAsync()
    {
        await servers.InitializeAsync();
        Broker = await servers.NewVirtualHostAsync("identity", CancellationToken.None);
        identity = await StartAsync(home, await servers.NewDatabaseAsync("identity", CancellationToken.None), Redis);
        hash = await identity.Services.GetRequiredService<PasswordHashing>().HashAsync(Password, CancellationToken.None);
        await identity.Services.GetRequiredService<IBusControl>().ConnectReceiveEndpoint("observer", e =>
        {
            e.ConfigureConsumeTopology = false;
            var endpoint = (IRabbitMqReceiveEndpointConfigurator)e;
            Observe<CallRecorded>(endpoint);
            Observe<UserCreated>(endpoint);
            Observe<UserChanged>(endpoint);
            Observe<TenantCreated>(endpoint);
            Observe<TenantStatusChanged>(endpoint);
            Observe<AccessKeyChanged>(endpoint);
            Observe<LicenceGranted>(endpoint);
            Observe<LicenceProblem>(endpoint);
        }).Ready;
    }

    public Task<RunningService<IdentityDb>> StartAsync(string itsHome, string database, string redis) => RunningService<IdentityDb>.StartAsync("identity", itsHome, new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["ConnectionStrings:identitydb"] = database,
        ["ConnectionStrings:rabbitmq"] = Broker,
        ["ConnectionStrings:redis"] = redis,
        ["Identity:Licences:SellerKeys:0"] = Seller.ExportSubjectPublicKeyInfoPem(),
    }, s => s.AddSingleton<TimeProvider>(Time), CancellationToken.None);

    public Browser NewBrowser(string surface = "console", RunningService<IdentityDb>? at = null) => new(at ?? Identity, surface, Name("2001:db8:"));

    public async Task<T> InDatabaseAsync<T>(Func<IdentityDb, IServiceProvider, Task<T>> work, RunningService<IdentityDb>? at = null)
    {
        await using var scope = (at ?? Identity).ScopeOf(Tenants.Platform);
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var result = await work(db, scope.ServiceProvider);
        await db.SaveChangesAsync(CancellationToken.None);
        return result;
    }

    public Task<Tenant> TenantAsync() => InDatabaseAsync((db, _) =>
    {
        var name = Name("Tenant");
        var tenant = new Tenant { Id = Guid.CreateVersion7(), Name = name, NameKey = Tenant.KeyOf(name), Scene = "all", CreatedAt = Time.GetUtcNow() };
        db.Tenants.Add(tenant);
        return Task.FromResult(tenant);
    });

    /// <summary>A user whose password is <see cref="Password"/>, in a tenant of its own if none is named.</summary>
    public async Task<User> UserAsync(string role, Guid? tenant = null, bool mustChange = false, RunningService<IdentityDb>? at = null)
    {
        var belongsTo = tenant ?? (role == Roles.PlatformAdmin ? Tenants.Platform : (await TenantAsync()).Id);
        return await InDatabaseAsync((db, _) =>
        {
            var name = Name(role);
            var user = new User { Id = Guid.CreateVersion7(), TenantId = belongsTo, Username = name, UsernameKey = User.KeyOf(name), Role = role, PasswordHash = hash, MustChangePassword = mustChange, CreatedAt = Time.GetUtcNow() };
            db.Users.Add(user);
            return Task.FromResult(user);
        }, at);
    }

    /// <summary>Gives the user a second factor.</summary>
    public async Task<Totp> EnrolledAsync(User user)
    {
        var secret = Base32Encoding.ToString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(20));
        await InDatabaseAsync(async (db, services) =>
        {
            var row = await db.Users.IgnoreQueryFilters().SingleAsync(u => u.Id == user.Id);
            row.TotpSecret = services.GetRequiredService<Envelope>().Seal(secret, row.TotpContext);
            row.TotpEnabled = true;
            return row;
        });
        return new Totp(Base32Encoding.ToBytes(secret));
    }

    public string CodeOf(Totp totp) => totp.ComputeTotp(Time.GetUtcNow().UtcDateTime);

    /// <summary>A caller with this user's identity, as the gateway tells it to services.</summary>
    public static ServiceDefaults.Calls.Caller CallerOf(User user, string kind = "session") =>
        new(user.Id, user.Username, user.TenantId, user.Role, kind, "192.0.2.1");

    public async Task<Browser> SignedInAsync(User user, Totp? totp = null)
    {
        var browser = NewBrowser(user.Role == Roles.PlatformAdmin ? "portal" : "console");
        var answer = await browser.SignInAsync(user.Username, Password);
        if (totp is not null) answer = await browser.PostAsync("/session/totp", new { code = CodeOf(totp) });
        return answer.Text("state") == "signed_in" ? browser : throw new InvalidOperationException($"not signed in: {answer}");
    }

    /// <summary>What the gateway learns; null when it learns that this is nobody.</summary>
    public static async Task<Principal?> ResolveAsync(RunningService<IdentityDb> at, ResolveRequest.Types.Kind kind, string secret, string surface = "")
    {
        using var channel = at.ChannelAs(ServiceDefaults.Calls.Caller.Service("gateway", Tenants.Platform));
        try
        {
            return await new Principals.PrincipalsClient(channel).ResolveAsync(new ResolveRequest { Kind = kind, Secret = secret, Surface = surface });
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unauthenticated)
        {
            return null;
        }
    }

    public Task<T> EventAsync<T>(Func<T, bool> which)
        where T : IntegrationEvent =>
        Eventually.IsAsync<T?>(_ => Task.FromResult(Events.OfType<T>().FirstOrDefault(which)), e => e is not null, CancellationToken.None)!;

    public async ValueTask DisposeAsync()
    {
        if (identity is not null) await identity.DisposeAsync();
        await servers.DisposeAsync();
        if (Directory.Exists(home)) Directory.Delete(home, recursive: true);
    }

    private void Observe<T>(IRabbitMqReceiveEndpointConfigurator endpoint)
        where T : IntegrationEvent
    {
        for (var lane = 0; lane < ServiceDefaults.Messaging.Bus.Lanes; lane++)
        {
            var key = lane.ToString(System.Globalization.CultureInfo.InvariantCulture);
            endpoint.Bind<T>(binding => (binding.ExchangeType, binding.RoutingKey) = ("direct", key));
        }

        endpoint.Handler<T>(context =>
        {
            Events.Enqueue(context.Message);
            return Task.CompletedTask;
        });
    }
}

/// <summary>A clock that moves when told.</summary>
public sealed class ManualTime : TimeProvider
{
    private readonly DateTimeOffset start = System.GetUtcNow();
    private long offset;

    public override DateTimeOffset GetUtcNow() => start + TimeSpan.FromTicks(Interlocked.Read(ref offset));

    public void Advance(TimeSpan by) => Interlocked.Add(ref offset, by.Ticks);
}
