using HyperBdr.Storplus;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Security;
using HyperBdr.Storplus.Features;
using HyperBdr.Storplus.Features.Points;
using HyperBdr.Storplus.Features.Pools;
using HyperBdr.Storplus.Features.Probes;
using HyperBdr.Storplus.Features.Sessions;
using HyperBdr.Storplus.Persistence;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults("storplus");
builder.AddDatabase<StorplusDb>("storplusdb");
builder.AddBus(StorplusEvents.Handle);
builder.AddServiceClient<Machines.MachinesClient>("porter");
builder.AddServiceClient<Commands.CommandsClient>("porter");
builder.Services.AddFeatures();

var app = builder.Build().UseServiceDefaults();
app.MapFeatures();
app.MapGrpcService<PoolsRpc>().RequirePermission(Permissions.PoolsRead);
app.MapGrpcService<ProbesRpc>().RequireService();
app.MapGrpcService<SessionsRpc>().RequireService();
app.MapGrpcService<PointsRpc>().RequirePermission(Permissions.PointsRead);
await app.RunAsync();
