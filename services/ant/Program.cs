using HyperBdr.Ant;
using HyperBdr.Ant.Features;
using HyperBdr.Ant.Features.Tasks;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Porter.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Security;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults("ant");
builder.AddDatabase<AntDb>("antdb");
builder.AddBus(AntEvents.Handle);
builder.AddServiceClient<PoolProbes.PoolProbesClient>("storplus");
builder.AddServiceClient<Pools.PoolsClient>("storplus");
builder.AddServiceClient<RecoveryPoints.RecoveryPointsClient>("storplus");
builder.AddServiceClient<Machines.MachinesClient>("porter");
// Checking a large point takes minutes, a stream hours: each call has its own limit instead of the common ones.
#pragma warning disable EXTEXP0001 // The only way to take the common handlers off one client.
builder.AddServiceClient<WriteSessions.WriteSessionsClient>("storplus").RemoveAllResilienceHandlers();
builder.AddServiceClient<Commands.CommandsClient>("porter").RemoveAllResilienceHandlers();
#pragma warning restore EXTEXP0001
builder.Services.AddFeatures(builder.Configuration);

var app = builder.Build().UseServiceDefaults();
app.MapFeatures();
app.MapGrpcService<TasksRpc>().RequirePermission(Permissions.TasksRead);
await app.RunAsync();
