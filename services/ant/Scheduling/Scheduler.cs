using System.Data.Common;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans;
using HyperBdr.Ant.Running;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Scheduling;

/// <summary>Looks for what is due, in all tenants: ticks, waiting syncs, remains of ended ones, stale facts. Any number of replicas do so.</summary>
internal sealed partial class Scheduler(SchedulePass pass, WorkerOptions options, TimeProvider time, ILogger<Scheduler> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(
            RepeatAsync(pass.PlanAsync, options.LookEach, once: true, stoppingToken),
            RepeatAsync(pass.TickAsync, options.LookEach, once: false, stoppingToken),
            RepeatAsync(pass.FillAsync, options.LookEach, once: false, stoppingToken),
            RepeatAsync(pass.EndRemainsAsync, options.LookEach, once: false, stoppingToken),
            RepeatAsync(pass.ReadFactsAsync, options.LookEach, once: false, stoppingToken),
            RepeatAsync(pass.CleanAsync, TimeSpan.FromHours(1), once: false, stoppingToken));
    }

    private async Task RepeatAsync(Func<CancellationToken, Task> work, TimeSpan each, bool once, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await work(ct);
                if (once) return;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is DbException or DbUpdateException or TimeoutException or TransientFault or InvalidOperationException { InnerException: DbException })
            {
                Waiting(log, work.Method.Name, e.Message);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // A fault in our own code must not end the schedules; it is logged each time.
                Broken(log, work.Method.Name, e);
            }

            await Task.Delay(each, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(EventId = 2201, Level = LogLevel.Warning, Message = "{Work} waits: {Reason}")]
    private static partial void Waiting(ILogger log, string work, string reason);

    [LoggerMessage(EventId = 2202, Level = LogLevel.Error, Message = "{Work} met an unexpected fault and is tried again")]
    private static partial void Broken(ILogger log, string work, Exception e);
}

/// <summary>One look at each kind of due work; every piece is done in a scope of its own tenant.</summary>
internal sealed class SchedulePass(IServiceScopeFactory scopes, TimeProvider time)
{
    private const int AtOnce = 200;
    private static readonly TimeSpan TicksKept = TimeSpan.FromDays(90);
    private static readonly TimeSpan ZoneDataAt = new(0, 10, 0);
    private DateTimeOffset planned;

    private sealed record Due(Guid Id, Guid TenantId);

    /// <summary>Computes every next tick anew: this program may bring other zone data than the one that stored it.</summary>
    public async Task PlanAsync(CancellationToken ct)
    {
        planned = time.GetUtcNow();
        foreach (var due in await ListAsync(db => db.Database.SqlQuery<Due>($"select id, tenant_id from policies where enabled"), ct))
        {
            await InAsync(due.TenantId, async services =>
            {
                var db = services.GetRequiredService<AntDb>();
                await using var transaction = await db.Database.BeginTransactionAsync(ct);
                await db.Database.ExecuteSqlAsync($"select id from policies where id = {due.Id} for update", ct);
                if (await db.Policies.SingleOrDefaultAsync(p => p.Id == due.Id, ct) is not { } policy) return;
                policy.Plan();
                await db.SaveChangesAsync(ct);
                await transaction.CommitAsync(ct);
            });
        }
    }

    public async Task TickAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var zoneData = new DateTimeOffset(now.UtcDateTime.Date + ZoneDataAt, TimeSpan.Zero);
        if (planned != default && planned < zoneData && now >= zoneData) await PlanAsync(ct);
        var all = await ListAsync(db => db.Database.SqlQuery<Due>($"select id, tenant_id from policies where next_tick_at <= {now} order by next_tick_at limit {AtOnce}"), ct);
        foreach (var due in all) await InAsync(due.TenantId, services => services.GetRequiredService<PolicyTicks>().DecideAsync(due.TenantId, due.Id, ct));
    }

    public async Task FillAsync(CancellationToken ct)
    {
        List<Guid> tenants;
        await using (var scope = scopes.CreateAsyncScope()) tenants = await Places.TenantsAsync(scope.ServiceProvider.GetRequiredService<AntDb>(), ct);
        foreach (var tenant in tenants) await InAsync(tenant, services => services.GetRequiredService<Places>().FillAsync(tenant, ct));
    }

    public async Task EndRemainsAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        foreach (var due in await ListAsync(db => db.Database.SqlQuery<Due>($"select run_id as id, tenant_id from sync_remains where due_at <= {now} order by due_at limit {AtOnce}"), ct))
            await InAsync(due.TenantId, services => services.GetRequiredService<Remains>().EndAsync(due.Id, ct));
    }

    public async Task ReadFactsAsync(CancellationToken ct)
    {
        foreach (var due in await ListAsync(db => db.Database.SqlQuery<Due>($"select id, tenant_id from hosts where facts_are_stale limit {AtOnce}"), ct))
            await InAsync(due.TenantId, services => services.GetRequiredService<MachineFacts>().ReadAsync(due.Id, ct));
    }

    /// <summary>Forgets old tick records.</summary>
    public async Task CleanAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<AntDb>().Database.ExecuteSqlAsync($"delete from host_ticks where decided_at < {time.GetUtcNow() - TicksKept}", ct);
    }

    private async Task<List<Due>> ListAsync(Func<AntDb, IQueryable<Due>> query, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await query(scope.ServiceProvider.GetRequiredService<AntDb>()).ToListAsync(ct);
    }

    private async Task InAsync(Guid tenant, Func<IServiceProvider, Task> work)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("ant", tenant);
        await work(scope.ServiceProvider);
    }
}
