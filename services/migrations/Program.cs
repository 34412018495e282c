using HyperBdr.Ant;
using HyperBdr.Ant.Persistence;
using HyperBdr.Identity;
using HyperBdr.Identity.Persistence;
using HyperBdr.Migrations;
using HyperBdr.Owl;
using HyperBdr.Owl.Persistence;
using HyperBdr.Porter.Persistence;
using HyperBdr.Report.Persistence;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.Storplus;
using HyperBdr.Storplus.Persistence;

// The step that all services wait for: brings every database to the form this release needs, then ends.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
builder.AddDatabase<IdentityDb>("identitydb");
builder.AddDatabase<PorterDb>("porterdb");
builder.AddDatabase<StorplusDb>("storplusdb");
builder.AddDatabase<AntDb>("antdb");
builder.AddDatabase<OwlDb>("owldb");
builder.AddDatabase<ReportDb>("reportdb");
await using var app = builder.Build();
var migrated = await Migration.RunAsync(app.Services, [typeof(IdentityDb), typeof(PorterDb), typeof(StorplusDb), typeof(AntDb), typeof(OwlDb), typeof(ReportDb)], CancellationToken.None);
if (migrated != 0) return migrated;

// Queues too: an event that was sent before its receiver first started must find one.
var broker = builder.Configuration.GetConnectionString("rabbitmq") ?? throw new InvalidOperationException("ConnectionStrings:rabbitmq is not set.");
await Bus.DeployAsync(broker, "identity", IdentityEvents.Handle, CancellationToken.None);
await Bus.DeployAsync(broker, "ant", AntEvents.Handle, CancellationToken.None);
await Bus.DeployAsync(broker, "storplus", StorplusEvents.Handle, CancellationToken.None);
await Bus.DeployAsync(broker, "owl", OwlEvents.Handle, CancellationToken.None);
return 0;
