using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Domain.Licences;
using HyperBdr.Ant.Domain.Policies;
using HyperBdr.Ant.Features;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans;
using HyperBdr.Ant.Plans.Syncs;
using HyperBdr.Ant.Running;
using HyperBdr.Ant.Scheduling;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using TaskState = HyperBdr.Ant.Domain.TaskState;

namespace HyperBdr.Ant.Tests;

/// <summary>The scheduler's own parts on a real database and a clock that the test turns; syncs end when the test says.</summary>
internal sealed class SimulatedSchedule : IAsyncDisposable
{
    private static readonly string Outcome = SyncOutcome.Of(new HyperBdr.Contracts.Porter.V1.SyncResult()).ToText();
    private readonly ServiceProvider services;
    private readonly TurnedClock clock;

    public SimulatedSchedule(string connection, DateTimeOffset start, int perTenant = 20)
    {
        clock = new TurnedClock(start);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Ant:Sync:PerTenant", $"{perTenant}")]).Build();
        var all = new ServiceCollection();
        all.AddLogging();
        all.AddSingleton<TimeProvider>(clock).AddSingleton<OutboxSignal>().AddScoped<CallContext>().AddScoped<ServiceDbParts>();
        all.AddDbContext<AntDb>(o => o.UseService(connection));
        all.AddSingleton<TaskSignal>().AddSingleton(new WorkerOptions()).AddSingleton<TaskPlans>();
        all.AddSyncs(configuration);
        services = all.BuildServiceProvider();
    }

    public Guid Tenant { get; } = Guid.CreateVersion7();

    /// <summary>Whether hosts find licence units.</summary>
    public bool Licensed { get; set; } = true;

    public DateTimeOffset Now => clock.GetUtcNow();

    public SchedulePass Pass => services.GetRequiredService<SchedulePass>();

    public Task<T> InAsync<T>(Func<IServiceProvider, AntDb, Task<T>> work) => InTenantAsync(work);

    public async Task<Guid> AddPolicyAsync(string? incremental, string? full = null)
    {
        static ScheduleForm? Cron(string? text) => text is null ? null : new ScheduleForm(null, null, null, null, null, null, text);
        var form = CheckedPolicy.Of(new PolicyForm($"p{Guid.CreateVersion7():n}", 7, "UTC", "2020-01-01T00:00", null, Cron(incremental), Cron(full), null, null)).Value;
        return await InAsync(async (_, db) =>
        {
            var policy = Policy.Create(Tenant, form, Now);
            db.Policies.Add(policy);
            await db.SaveChangesAsync();
            return policy.Id;
        });
    }

    /// <param name="synced">It has a point already, so that its next sync may be incremental.</param>
    public async Task<Guid> AddHostAsync(Guid policy, bool synced = true) => await InAsync(async (_, db) =>
    {
        if (Licensed && !await db.Licences.AnyAsync()) db.Licences.Add(new Licence { Id = Guid.CreateVersion7(), TenantId = Tenant, Kind = Licence.Dr, Units = 1000, StartsAt = Now, ExpiresAt = Now.AddYears(20), SeenAt = Now });
        var host = ProtectedHost.Enrolled(Guid.CreateVersion7(), Tenant, "linux_agent", "web-1", Now);
        host.BecomeHealthy(HostHealth.Active, "web-1", null, Now);
        host.Register();
        host.Setup(new HostSetup(Guid.CreateVersion7(), "pool", null, null));
        host.Attach(policy);
        if (synced) host.SyncDone("point", Now, SyncModes.Full, null, Now);
        db.Hosts.Add(host);
        await db.SaveChangesAsync();
        return host.Id;
    });

    public Task ChangeHostAsync(Guid id, Action<ProtectedHost> change) => InAsync(async (_, db) =>
    {
        change(await db.Hosts.SingleAsync(h => h.Id == id));
        return await db.SaveChangesAsync();
    });

    public Task<ProtectedHost> HostAsync(Guid id) => InAsync((_, db) => db.Hosts.AsNoTracking().SingleAsync(h => h.Id == id));

    public Task<List<HostTick>> TicksAsync(Guid id) => InAsync((_, db) => db.Ticks.AsNoTracking().Where(t => t.HostId == id).OrderBy(t => t.At).ThenBy(t => t.Mode).ToListAsync());

    public Task<List<DurableTask>> TasksAsync() => InAsync((_, db) => db.Tasks.AsNoTracking().OrderBy(t => t.Id).ToListAsync());

    /// <summary>Puts the clock forward and looks once, as the scheduler does all the time.</summary>
    public async Task AtAsync(DateTimeOffset moment)
    {
        clock.Set(moment);
        await Pass.TickAsync(CancellationToken.None);
        await Pass.FillAsync(CancellationToken.None);
    }

    /// <summary>Each minute up to <paramref name="until"/>.</summary>
    public async Task MinutesUntilAsync(DateTimeOffset until)
    {
        while (Now < until) await AtAsync(Now.AddMinutes(1));
    }

    /// <summary>The sync that runs for a host ends well.</summary>
    public Task EndSyncAsync(Guid hostId) => InAsync(async (provider, db) =>
    {
        var plan = provider.GetRequiredService<TaskPlans>()[SyncPlan.Type];
        var task = await db.Tasks.Include(t => t.Steps).SingleAsync(t => t.SourceId == hostId && t.Status == TaskState.Working);
        foreach (var step in task.Steps.OrderBy(s => s.Position).ToList())
        {
            step.Begin(Now);
            var returned = plan.Step(step.Name).Returns.ToDictionary(r => r, r => r == SyncPlan.TakenAt ? Now.ToString("O") : r == SyncPlan.DoneMode ? task.Inputs![SyncPlan.Mode] : r == SyncPlan.Disks ? "[]" : r == SyncPlan.Outcome ? Outcome : "x");
            task.EndStep(step, "done", returned, Now);
        }

        task.Complete(Now);
        await plan.Ended!(provider, task, CancellationToken.None);
        return await db.SaveChangesAsync();
    });

    public ValueTask DisposeAsync() => services.DisposeAsync();

    private async Task<T> InTenantAsync<T>(Func<IServiceProvider, AntDb, Task<T>> work)
    {
        await using var scope = services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<CallContext>().Caller = Caller.Service("tests", Tenant);
        return await work(scope.ServiceProvider, scope.ServiceProvider.GetRequiredService<AntDb>());
    }

    private sealed class TurnedClock(DateTimeOffset start) : TimeProvider
    {
        private DateTimeOffset now = start;

        public void Set(DateTimeOffset moment) => now = moment;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
