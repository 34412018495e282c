using HyperBdr.Ant.Features.Hosts;
using HyperBdr.Ant.Features.Licences;
using HyperBdr.Ant.Features.Tasks;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans;
using HyperBdr.Ant.Plans.Deregistrations;
using HyperBdr.Ant.Plans.Syncs;
using HyperBdr.Ant.Running;
using HyperBdr.Ant.Scheduling;
using ReadHosts = HyperBdr.Ant.Features.Hosts.Read;
using ReadPolicies = HyperBdr.Ant.Features.Policies.Read;
using ReadTasks = HyperBdr.Ant.Features.Tasks.Read;
using WritePolicies = HyperBdr.Ant.Features.Policies.Write;

namespace HyperBdr.Ant.Features;

/// <summary>The slices of this service, its plans, its worker and its scheduler.</summary>
internal static class FeatureSet
{
    public static IServiceCollection AddFeatures(this IServiceCollection services, IConfiguration configuration) => services
        .AddTasks(configuration)
        .AddSyncs(configuration)
        .AddScoped<Bulk>()
        .AddScoped<Setup.Handler>()
        .AddScoped<Sync.Handler>()
        .AddScoped<Stop.Handler>()
        .AddScoped<Deregister.Handler>()
        .AddScoped<Takeover.Handler>()
        .AddSingleton(configuration.GetSection("Ant:Deregister").Get<DeregisterOptions>() ?? new DeregisterOptions())
        .AddSingleton(DeregisterPlan.Plan)
        .AddScoped<Readiness.Handler>()
        .AddScoped<WritePolicies.Handler>()
        .AddScoped<Policies.Attach.Handler>()
        .AddHostedService<Worker>()
        .AddHostedService<Scheduler>();

    private static IServiceCollection AddTasks(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<TaskSignal>()
        .AddSingleton(configuration.GetSection("Ant:Worker").Get<WorkerOptions>() ?? new WorkerOptions())
        .AddSingleton(ProbePool.Plan)
        .AddSingleton<TaskPlans>()
        .AddSingleton<Leases>()
        .AddSingleton<TaskRunner>()
        .AddScoped<TaskWrites>()
        .AddScoped<Abort.Handler>()
        .AddScoped<Retry.Handler>();

    /// <summary>What starts and follows syncs; the scheduler's own tests have it without a bus.</summary>
    internal static IServiceCollection AddSyncs(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection("Ant:Sync").Get<SyncOptions>() ?? new SyncOptions();
        return services.AddSingleton(options)
            .AddSingleton(SyncPlan.Plan(options))
            .AddSingleton<SchedulePass>()
            .AddScoped<HostRows>()
            .AddScoped<LicenceUnits>()
            .AddScoped<SyncStarts>()
            .AddScoped<PolicyTicks>()
            .AddScoped<Places>()
            .AddScoped<Remains>()
            .AddScoped<MachineFacts>();
    }

    public static void MapFeatures(this IEndpointRouteBuilder app)
    {
        var tasks = app.MapGroup("/api/v1/ant/tasks").WithTags("tasks");
        ReadTasks.Map(tasks);
        Abort.Map(tasks);
        Retry.Map(tasks);
        var hosts = app.MapGroup("/api/v1/ant/hosts").WithTags("hosts");
        ReadHosts.Map(hosts);
        Register.Map(hosts);
        Setup.Map(hosts);
        Sync.Map(hosts);
        Stop.Map(hosts);
        Deregister.Map(hosts);
        Takeover.Map(hosts);
        Readiness.Map(hosts);
        var policies = app.MapGroup("/api/v1/ant/policies").WithTags("policies");
        ReadPolicies.Map(policies);
        WritePolicies.Map(policies);
        Policies.Attach.Map(policies);
    }
}
