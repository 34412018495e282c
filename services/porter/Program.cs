using HyperBdr.Contracts.Security;
using HyperBdr.Porter.Features.Enrolments;
using HyperBdr.Porter.Features.Gateways;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Hosting;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.ServiceDefaults.Security;

var builder = WebApplication.CreateBuilder(args).AddServiceDefaults("porter");
builder.AddDatabase<PorterDb>("porterdb");
builder.AddBus();
builder.Services.AddScoped<CreateToken.Handler>().AddScoped<ListTokens.Handler>().AddScoped<RevokeToken.Handler>().AddScoped<ClaimToken.Handler>();

var app = builder.Build().UseServiceDefaults();
var tokens = app.MapGroup("/api/v1/porter/enrolment-tokens").WithTags("Enrolment tokens");
ListTokens.Map(tokens);
CreateToken.Map(tokens);
RevokeToken.Map(tokens);
app.MapGrpcService<EnrolmentTokensService>().RequirePermissions(reading: Permissions.EnrolmentsRead, writing: Permissions.EnrolmentsWrite);
Duplex.Map(app);
app.Run();
