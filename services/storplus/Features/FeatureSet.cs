using HyperBdr.Storplus.Features.Pools;
using HyperBdr.Storplus.Features.Sessions;
using HyperBdr.Storplus.Maintenance;
using HyperBdr.Storplus.Outbound;
using HyperBdr.Storplus.Repositories;
using HyperBdr.Storplus.Stores;

namespace HyperBdr.Storplus.Features;

/// <summary>The slices of this service and what they need.</summary>
internal static class FeatureSet
{
    public static IServiceCollection AddFeatures(this IServiceCollection services) => services
        .AddSingleton<FolderRoots>()
        .AddSingleton<AddressRules>()
        .AddSingleton<PoolStores>()
        .AddSingleton<PoolRules>()
        .AddScoped<Register.Handler>()
        .AddScoped<Update.Handler>()
        .AddScoped<RequestProbe.Handler>()
        .AddScoped<Delete.Handler>()
        .AddScoped<GatewayLink>()
        .AddRepositories();

    private static IServiceCollection AddRepositories(this IServiceCollection services) => services
        .AddSingleton<RepositoryStores>()
        .AddScoped<RepositoryAccess>()
        .AddScoped<PointRemoval>()
        .AddScoped<Open>()
        .AddScoped<Commit>()
        .AddScoped<Abandon>()
        .AddScoped<DeleteHost>()
        .AddSingleton<CommitRuns>()
        .AddScoped<Points.Delete.Handler>()
        .AddScoped<Points.Hold.Handler>()
        .AddScoped<Repositories.Keys.Handler>()
        .AddScoped<Repositories.Runs.Handler>()
        .AddSingleton(p => MaintenanceOptions.Of(p.GetRequiredService<IConfiguration>()))
        .AddSingleton<MaintenanceSignal>()
        .AddScoped<MaintenanceQueue>()
        .AddScoped<MaintenanceJobs>()
        .AddScoped<PointImport>()
        .AddScoped<Upkeep>()
        .AddSingleton<PoolSpaces>()
        .AddHostedService<Housekeeping>()
        .AddHostedService<MaintenanceWorker>();

    public static void MapFeatures(this IEndpointRouteBuilder app)
    {
        var pools = app.MapGroup("/api/v1/storplus/pools").WithTags("pools");
        Read.Map(pools);
        Register.Map(pools);
        Update.Map(pools);
        RequestProbe.Map(pools);
        Delete.Map(pools);
        var points = app.MapGroup("/api/v1/storplus/points").WithTags("points");
        Points.Read.Map(points);
        Points.Delete.Map(points);
        Points.Hold.Map(points);
        var repositories = app.MapGroup("/api/v1/storplus/repositories").WithTags("repositories");
        Repositories.Read.Map(repositories);
        Repositories.Keys.Map(repositories);
        Repositories.Runs.Map(repositories);
    }
}
