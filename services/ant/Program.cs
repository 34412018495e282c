using HyperBdr.Ant;
using HyperBdr.Ant.Features;
using HyperBdr.Ant.Features.Tasks;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Security;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Security;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults("ant");
builder.AddDatabase<AntDb>("antdb");
builder.AddBus(AntEvents.Handle);
builder.AddServiceClient<PoolProbes.PoolProbesClient>("storplus");
builder.Services.AddFeatures(builder.Configuration);

var app = builder.Build().UseServiceDefaults();
app.MapFeatures();
app.MapGrpcService<TasksRpc>().RequirePermission(Permissions.TasksRead);
await app.RunAsync();
