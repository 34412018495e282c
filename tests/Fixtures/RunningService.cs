using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Grpc.Net.Client;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Persistence;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace HyperBdr.Fixtures;

/// <summary>A service as it really runs: Kestrel on two loopback ports, real servers behind it.</summary>
/// <typeparam name="TDb">The service's database context; names its assembly too.</typeparam>
public sealed class RunningService<TDb> : IAsyncDisposable
    where TDb : ServiceDb
{
    private readonly WebApplicationFactory<TDb> host;
    private readonly string name;

    private RunningService(string name, WebApplicationFactory<TDb> factory, int http, int grpc) =>
        (this.name, host, Http, Grpc) = (name, factory, new Uri($"http://127.0.0.1:{http}"), new Uri($"http://127.0.0.1:{grpc}"));

    public Uri Http { get; }

    public Uri Grpc { get; }

    public IServiceProvider Services => host.Services;

    /// <summary>Starts it after its migrations; settings name what the environment names otherwise.</summary>
    /// <param name="home">HYPERBDR_HOME; services that talk to each other share it.</param>
    public static async Task<RunningService<TDb>> StartAsync(string name, string home, IReadOnlyDictionary<string, string> settings, Action<IServiceCollection>? replace, CancellationToken ct)
    {
        var (http, grpc) = (FreePort(), FreePort());
        var factory = new WebApplicationFactory<TDb>().WithWebHostBuilder(web =>
        {
            web.UseEnvironment(Environments.Production);
            web.UseSetting("HYPERBDR_HOME", home).UseSetting("HTTP_PORT", $"{http}").UseSetting("GRPC_PORT", $"{grpc}");
            foreach (var (key, value) in settings) web.UseSetting(key, value);
            web.ConfigureServices(s => s.AddHostedService<MigrationFirst>());
            if (replace is not null) web.ConfigureServices(replace);
        });
        factory.UseKestrel();
        factory.StartServer();
        await Task.CompletedTask.WaitAsync(ct);
        return new RunningService<TDb>(name, factory, http, grpc);
    }

    /// <summary>A client that shows the gateway's token for this caller with each request.</summary>
    public HttpClient As(Caller? caller)
    {
        var client = new HttpClient(new Signing(() => caller is null ? null : TokenFor(caller))) { BaseAddress = Http };
        client.Timeout = TimeSpan.FromSeconds(60);
        return client;
    }

    /// <summary>A channel for gRPC clients of this caller.</summary>
    public GrpcChannel ChannelAs(Caller? caller) =>
        GrpcChannel.ForAddress(Grpc, new GrpcChannelOptions { HttpHandler = new Signing(() => caller is null ? null : TokenFor(caller)), DisposeHttpClient = true });

    public string TokenFor(Caller caller) => Services.GetRequiredService<InternalTokens>().Mint("gateway", name, caller);

    /// <summary>A scope of work for a tenant, as the service itself has it.</summary>
    public AsyncServiceScope ScopeOf(Guid tenant)
    {
        var scope = Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service(name, tenant);
        return scope;
    }

    public static Caller Person(string role, Guid? tenant = null, string user = "ada") =>
        new(Guid.CreateVersion7(), user, tenant ?? Tenants.Platform, role, "session", "192.0.2.7");

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class Signing(Func<string?> token) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (token() is { } value) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", value);
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class MigrationFirst(IServiceScopeFactory scopes) : IHostedLifecycleService
    {
        public async Task StartingAsync(CancellationToken cancellationToken)
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<TDb>().Database.MigrateAsync(cancellationToken);
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>Waits for something to become true, and says what it was when it did not.</summary>
public static class Eventually
{
    public static async Task<T> IsAsync<T>(Func<CancellationToken, Task<T>> read, Func<T, bool> until, CancellationToken ct, int seconds = 20)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(seconds));
        var last = await read(limit.Token);
        while (!until(last))
        {
            try
            {
                await Task.Delay(50, limit.Token);
                last = await read(limit.Token);
            }
            catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
            {
                throw new TimeoutException($"after {seconds} s it is still {last}", e);
            }
        }

        return last;
    }
}
