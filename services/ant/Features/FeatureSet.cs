using HyperBdr.Ant.Features.Tasks;
using HyperBdr.Ant.Persistence;
using HyperBdr.Ant.Plans;
using HyperBdr.Ant.Running;

namespace HyperBdr.Ant.Features;

/// <summary>The slices of this service, its plans and its worker.</summary>
internal static class FeatureSet
{
    public static IServiceCollection AddFeatures(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<TaskSignal>()
        .AddSingleton(configuration.GetSection("Ant:Worker").Get<WorkerOptions>() ?? new WorkerOptions())
        .AddSingleton(ProbePool.Plan)
        .AddSingleton<TaskPlans>()
        .AddSingleton<Leases>()
        .AddSingleton<TaskRunner>()
        .AddScoped<TaskWrites>()
        .AddScoped<Abort.Handler>()
        .AddScoped<Retry.Handler>()
        .AddHostedService<Worker>();

    public static void MapFeatures(this IEndpointRouteBuilder app)
    {
        var tasks = app.MapGroup("/api/v1/ant/tasks").WithTags("tasks");
        Read.Map(tasks);
        Abort.Map(tasks);
        Retry.Map(tasks);
    }
}
