using HyperBdr.Owl;
using HyperBdr.Contracts.Security;
using HyperBdr.Owl.Features.DeadLetters;
using HyperBdr.Owl.Features.Live;
using HyperBdr.Owl.Features.Suite;
using HyperBdr.Owl.Features.Trail;
using HyperBdr.Owl.Persistence;
using HyperBdr.ServiceDefaults;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Security;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults("owl");
builder.AddDatabase<OwlDb>("owldb");
builder.AddRedis();
builder.Services.AddSignalR()
    .AddJsonProtocol(o => Json.Configure(o.PayloadSerializerOptions))
    .AddStackExchangeRedis(builder.Configuration.GetConnectionString("redis")!, o =>
    {
        o.Configuration.ChannelPrefix = StackExchange.Redis.RedisChannel.Literal("owl-live");
        o.Configuration.AbortOnConnectFail = false;
    });
builder.Services.AddSingleton<CheckpointKey>().AddScoped<TrailStore>();
builder.Services.AddScoped<ListEntries.Handler>().AddScoped<GetEntry.Handler>().AddScoped<VerifyTrail.Handler>();
// Before the bus, so that they end after it: what the bus still holds is committed or given back.
builder.Services.AddSingleton<LiveFeed>().AddHostedService(s => s.GetRequiredService<LiveFeed>());
builder.Services.AddSingleton<TrailWriter>().AddHostedService(s => s.GetRequiredService<TrailWriter>());
builder.Services.AddHostedService<CheckpointTimer>();
builder.Services.AddSingleton<ControlSocket>();
builder.AddBus(OwlEvents.Handle);

var app = builder.Build().UseServiceDefaults();
var audit = app.MapGroup("/api/v1/owl/audit").WithTags("Audit trail");
ListEntries.Map(audit);
GetEntry.Map(audit);
VerifyTrail.Map(audit);
app.MapGrpcService<AuditTrailService>().RequirePermission(Permissions.AuditRead);
LiveHub.Map(app);
var suite = app.MapGroup("/api/v1/owl/suite").WithTags("Suite");
ListServices.Map(suite);
ReadLogs.Map(suite);
RestartService.Map(suite);
ListDeadLetters.Map(app.MapGroup("/api/v1/owl/dead-letters").WithTags("Suite"));
app.Run();
