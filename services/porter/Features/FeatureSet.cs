using HyperBdr.Porter.Features.Certificates;
using HyperBdr.Porter.Features.Commands;
using HyperBdr.Porter.Features.Downloads;
using HyperBdr.Porter.Features.Enrolments;
using HyperBdr.Porter.Features.Link;
using HyperBdr.Porter.Features.Machines;

namespace HyperBdr.Porter.Features;

internal static class FeatureSet
{
    public static void AddFeatures(this WebApplicationBuilder builder)
    {
        builder.Services.AddScoped<CreateToken.Handler>().AddScoped<ListTokens.Handler>().AddScoped<RevokeToken.Handler>().AddScoped<Enroll.Handler>()
            .AddScoped<ListMachines.Handler>().AddScoped<GetMachine.Handler>().AddScoped<ChangeSettings.Handler>().AddScoped<RefreshInventory.Handler>().AddScoped<RevokeMachine.Handler>()
            .AddScoped<SendCommand.Handler>().AddScoped<Renew.Handler>();
        builder.Services.AddSingleton<InstallationAuthority>().AddSingleton<TenantAuthorities>().AddSingleton<Softwares>();
        builder.Services.AddSingleton<LinkRegistry>().AddSingleton<CommandBoard>().AddSingleton<Delivery>().AddSingleton<Admission>().AddSingleton<MachineLink>();
        builder.Services.AddOptions<AgentLinkOptions>().BindConfiguration("Link").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddHostedService<PresenceWriting>().AddHostedService<LinkWatch>().AddHostedService<SilenceSweep>();
        builder.Services.AddGrpc().AddServiceOptions<AgentLinkService>(o => o.MaxReceiveMessageSize = AgentLinkService.MaxMessageBytes)
            .AddServiceOptions<EnrollmentService>(o => o.MaxReceiveMessageSize = AgentLinkService.MaxMessageBytes);
        builder.Services.Configure<WebSocketOptions>(o => (o.KeepAliveInterval, o.KeepAliveTimeout) = (TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60)));
    }
}
