using HyperBdr.Identity;
using HyperBdr.Identity.Features;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults("identity");
builder.AddDatabase<IdentityDb>("identitydb");
builder.AddRedis();
builder.AddBus(IdentityEvents.Handle);
builder.Services.AddFeatures();
var app = builder.Build().UseServiceDefaults();
app.MapFeatures();
app.Run();
