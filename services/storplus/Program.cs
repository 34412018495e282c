using HyperBdr.Storplus;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Features;
using HyperBdr.Storplus.Features.Pools;
using HyperBdr.Storplus.Features.Probes;
using HyperBdr.Storplus.Persistence;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults("storplus");
builder.AddDatabase<StorplusDb>("storplusdb");
builder.AddBus(StorplusEvents.Handle);
builder.Services.AddFeatures();

var app = builder.Build().UseServiceDefaults();
app.MapFeatures();
app.MapGrpcService<PoolsRpc>().RequirePermission(Permissions.PoolsRead);
app.MapGrpcService<ProbesRpc>().RequireService();
await app.RunAsync();
