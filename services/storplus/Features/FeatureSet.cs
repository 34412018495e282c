using HyperBdr.Storplus.Features.Pools;
using HyperBdr.Storplus.Outbound;
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
        .AddScoped<Delete.Handler>();

    public static void MapFeatures(this IEndpointRouteBuilder app)
    {
        var pools = app.MapGroup("/api/v1/storplus/pools").WithTags("pools");
        Read.Map(pools);
        Register.Map(pools);
        Update.Map(pools);
        RequestProbe.Map(pools);
        Delete.Map(pools);
    }
}
