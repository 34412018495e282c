using HyperBdr.Contracts.Owl.V1;
using HyperBdr.Contracts.Security;
using HyperBdr.Report.Features.Exports;
using HyperBdr.Report.Persistence;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Security;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults("report");
builder.AddDatabase<ReportDb>("reportdb");
builder.AddBus();
builder.AddServiceClient<AuditTrail.AuditTrailClient>("owl");
builder.Services.AddSingleton<ExportFiles>().AddSingleton<ExportSignal>().AddScoped<AuditTable>().AddScoped<RunExport>();
builder.Services.AddScoped<CreateExport.Handler>().AddScoped<ListExports.Handler>().AddScoped<GetExport.Handler>().AddScoped<DownloadExport.Handler>().AddScoped<DeleteExport.Handler>();
builder.Services.AddHostedService<ExportWorker>();
builder.Services.AddSingleton<ExpireExports>().AddHostedService(s => s.GetRequiredService<ExpireExports>());

var app = builder.Build().UseServiceDefaults();
var exports = app.MapGroup("/api/v1/report/exports").WithTags("Exports");
ListExports.Map(exports);
CreateExport.Map(exports);
GetExport.Map(exports);
DownloadExport.Map(exports);
DeleteExport.Map(exports);
app.MapGrpcService<ExportsService>().RequirePermission(Permissions.ReportsRead);
app.Run();
