using System.Collections.Concurrent;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.Storplus.Domain;

namespace HyperBdr.Storplus.Features.Sessions;

/// <summary>Runs checks of points beyond the patience of a single call: a caller that gave up and asks again joins the check that runs.</summary>
internal sealed class CommitRuns(IServiceScopeFactory scopes, IHostApplicationLifetime life)
{
    private readonly ConcurrentDictionary<(Guid, string), Lazy<Task<Result<Point>>>> running = new();

    public Task<Result<Point>> RunAsync(CommitRequest request, Caller caller, CancellationToken ct) =>
        running.GetOrAdd(request.Key, _ => new Lazy<Task<Result<Point>>>(() => Task.Run(() => WorkAsync(request, caller), life.ApplicationStopping))).Value.WaitAsync(ct);

    private async Task<Result<Point>> WorkAsync(CommitRequest request, Caller caller)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<CallContext>().Caller = caller;
            return await scope.ServiceProvider.GetRequiredService<Commit>().HandleAsync(request, life.ApplicationStopping);
        }
        finally
        {
            running.TryRemove(request.Key, out _);
        }
    }
}
