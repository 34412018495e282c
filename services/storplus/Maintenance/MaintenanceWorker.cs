using System.Data.Common;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Repositories;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Maintenance;

/// <summary>Works on the queue, one run at a time in each process; a run whose process died is taken up by the next one, from its beginning, which the engine makes cheap and safe.</summary>
internal sealed partial class MaintenanceWorker(IServiceScopeFactory scopes, MaintenanceOptions options, MaintenanceSignal signal, TimeProvider time, ILogger<MaintenanceWorker> log) : BackgroundService
{
    private readonly Guid owner = Guid.CreateVersion7();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!await NextAsync(stoppingToken)) await signal.WaitAsync(options.LookEach, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (IsDatabase(e))
            {
                Waiting(log, e.Message);
                await Task.Delay(options.LookEach, time, stoppingToken);
            }
        }
    }

    private async Task<bool> NextAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        if (await scope.ServiceProvider.GetRequiredService<MaintenanceQueue>().ClaimAsync(owner, ct) is not { } claim) return false;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var work = WorkAsync(claim, stop.Token, ct);
        try
        {
            await HoldAsync(claim, work, stop, ct);
        }
        finally
        {
            await stop.CancelAsync();
            await work;
        }

        return true;
    }

    /// <summary>Lengthens the lease until the work has ended; ends the work when the lease is lost or somebody cancels.</summary>
    private async Task HoldAsync(MaintenanceClaim claim, Task work, CancellationTokenSource stop, CancellationToken ct)
    {
        while (await Task.WhenAny(work, Task.Delay(options.LookEach, time, ct)) != work)
        {
            ct.ThrowIfCancellationRequested();
            await using var scope = scopes.CreateAsyncScope();
            var look = await scope.ServiceProvider.GetRequiredService<MaintenanceQueue>().LookAsync(claim.Id, owner, ct);
            if (!look.Held || look.Cancel) await stop.CancelAsync();
        }
    }

    private async Task WorkAsync(MaintenanceClaim claim, CancellationToken stop, CancellationToken service)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("storplus", claim.TenantId);
        var jobs = scope.ServiceProvider.GetRequiredService<MaintenanceJobs>();
        try
        {
            await jobs.RunAsync(claim.Id, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // A service that stops leaves its run to the next one.
            if (!service.IsCancellationRequested) await jobs.EndAsync(claim.Id, owner, MaintenanceState.Cancelled, null, null, CancellationToken.None);
        }
        catch (Exception e) when (EngineErrors.Covers(e))
        {
            Failed(log, claim.Id, e.Message);
            var error = EngineErrors.Of(e);
            await jobs.FailAsync(claim.Id, owner, error, e, CancellationToken.None);
        }
        catch (Exception e) when (IsDatabase(e))
        {
            // Its lease ends, and it is taken up again.
            Waiting(log, e.Message);
        }
        catch (Exception e)
        {
            // A fault in our own code must not end the service, nor come back with every lease.
            Broken(log, claim.Id, e);
            await jobs.EndAsync(claim.Id, owner, MaintenanceState.Failed, CommonErrors.Internal.Code, CommonErrors.Internal.Message, CancellationToken.None);
        }
    }

    private static bool IsDatabase(Exception e) => e is DbException or DbUpdateException or TimeoutException or InvalidOperationException { InnerException: DbException };

    [LoggerMessage(EventId = 3311, Level = LogLevel.Warning, Message = "Maintenance waits, the database does not answer: {Reason}")]
    private static partial void Waiting(ILogger log, string reason);

    [LoggerMessage(EventId = 3312, Level = LogLevel.Warning, Message = "Maintenance run {RunId} failed: {Reason}")]
    private static partial void Failed(ILogger log, Guid runId, string reason);

    [LoggerMessage(EventId = 3313, Level = LogLevel.Error, Message = "Maintenance run {RunId} met an unexpected fault")]
    private static partial void Broken(ILogger log, Guid runId, Exception e);
}
