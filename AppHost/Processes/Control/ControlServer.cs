using HyperBdr.AppHost.Processes.Logs;
using HyperBdr.AppHost.Processes.Servers;
using HyperBdr.AppHost.Processes.Supervision;
using HyperBdr.Contracts.Control;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace HyperBdr.AppHost.Processes.Control;

/// <summary>The control socket: HTTP over a Unix socket that only the starting user may open.</summary>
internal sealed class ControlServer(Suite suite, string console, Action shutDown) : IAsyncDisposable
{
    private const int MostTailLines = 10_000;
    private WebApplication? _app;
    private volatile bool _shuttingDown;

    public async Task StartAsync(CancellationToken ct)
    {
        var path = suite.Home.ControlSocket;
        File.Delete(path);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = ControlJson.Options.PropertyNamingPolicy;
            foreach (var converter in ControlJson.Options.Converters) options.SerializerOptions.Converters.Add(converter);
        });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(path));
        _app = builder.Build();
        _app.UseRouting();
        Map(_app);
        await _app.StartAsync(ct);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            await _app.StopAsync(limit.Token);
            await _app.DisposeAsync();
        }
        File.Delete(suite.Home.ControlSocket);
    }

    private void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/status", () => StatusReader.Read(suite, console));
        routes.MapPost("/start", () => Unless(() => { suite.Start(); return Accepted(); }));
        routes.MapPost("/stop", async (CancellationToken ct) => await UnlessAsync(async () => { await suite.StopAsync(ct); return Accepted(); }));
        routes.MapPost("/restart", async (CancellationToken ct) => await UnlessAsync(async () => { await suite.StopAsync(ct); suite.Start(); return Accepted(); }));
        // The servers stay: a reload takes up services that were built anew.
        routes.MapPost("/reload", async (CancellationToken ct) => await UnlessAsync(async () =>
        {
            await suite.RestartAsync([.. suite.Order.Where(one => one.Runnable is not IServer)], ct);
            return Accepted();
        }));
        routes.MapPost("/shutdown", () => { _shuttingDown = true; shutDown(); return Accepted(); });
        routes.MapPost("/services/{name}/start", (string name) => One(name, one => { one.Start(); return Task.CompletedTask; }));
        routes.MapPost("/services/{name}/stop", (string name, CancellationToken ct) => One(name, one => one.StopAsync(ct)));
        routes.MapPost("/services/{name}/restart", (string name, CancellationToken ct) => One(name, one => suite.RestartAsync([one], ct)));
        routes.MapGet("/services/{name}/logs", (string name, int? tail, bool? follow, HttpContext http) => LogsAsync(name, tail ?? 200, follow ?? false, http));
    }

    private Task<IResult> One(string name, Func<Supervised, Task> order) => UnlessAsync(async () =>
    {
        if (suite.Find(name) is not { } one) return Unknown(name);
        await order(one);
        return Accepted();
    });

    private async Task<IResult> LogsAsync(string name, int tail, bool follow, HttpContext http)
    {
        if (suite.Find(name) is not { } one) return Unknown(name);
        if (tail is < 0 or > MostTailLines) return Refused(StatusCodes.Status400BadRequest, "control.tail_out_of_range", $"tail is from 0 to {MostTailLines}");
        http.Response.ContentType = "text/plain; charset=utf-8";
        try
        {
            await LogTail.WriteAsync(one.Log, tail, follow, http.Response.Body, http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The reader has seen enough.
        }
        return Results.Empty;
    }

    private IResult Unless(Func<IResult> order) =>
        _shuttingDown ? Refused(StatusCodes.Status409Conflict, "control.shutting_down", "the suite is shutting down") : order();

    private Task<IResult> UnlessAsync(Func<Task<IResult>> order) =>
        _shuttingDown ? Task.FromResult(Unless(Accepted)) : order();

    private static IResult Accepted() => Results.StatusCode(StatusCodes.Status202Accepted);

    private IResult Unknown(string name) =>
        Refused(StatusCodes.Status404NotFound, "control.service.unknown", $"no service {name}; there are: {string.Join(", ", suite.Order.Select(one => one.Runnable.Name).Order(StringComparer.Ordinal))}");

    private static IResult Refused(int status, string code, string message) => Results.Json(new ControlProblem(code, message), ControlJson.Options, statusCode: status);

    /// <summary>Signals are the AppHost's own business, not the web host's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
