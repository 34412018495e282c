using HyperBdr.Identity.Credentials;
using HyperBdr.Identity.Features.AccessKeys;
using HyperBdr.Identity.Features.Compat;
using HyperBdr.Identity.Features.Licences;
using HyperBdr.Identity.Features.Me;
using HyperBdr.Identity.Features.Principals;
using HyperBdr.Identity.Features.Sessions;
using HyperBdr.Identity.Features.Tenants;
using HyperBdr.Identity.Features.Users;
using HyperBdr.Identity.Licences;
using HyperBdr.Identity.Persistence;
using HyperBdr.Identity.Sessions;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Identity.Features;

/// <summary>Everything the service offers, on one page.</summary>
internal static class Endpoints
{
    public static void AddFeatures(this IServiceCollection services)
    {
        services.AddHttpContextAccessor();
        services.AddSingleton<PasswordHashing>().AddSingleton<SessionStore>().AddSingleton<SessionCookies>().AddSingleton<AccountCache>().AddSingleton<FirstAdministrator>();
        services.AddHostedService(s => s.GetRequiredService<FirstAdministrator>());
        services.AddScoped<BackOff>().AddScoped<SecondFactor>().AddScoped<Proof>().AddScoped<OwnPassword>().AddScoped<Entry>().AddScoped<SignedCalls>();
        services.AddScoped<SignIn.Handler>().AddScoped<PassTotp.Handler>().AddScoped<ChangePassword.Handler>().AddScoped<GetSession.Handler>().AddScoped<SignOut.Handler>();
        services.AddScoped<BeginTotp.Handler>().AddScoped<ConfirmTotp.Handler>().AddScoped<RemoveTotp.Handler>().AddScoped<UpdateMe.Handler>();
        services.AddScoped<LastAdministrator>().AddScoped<NewUsers>();
        services.AddScoped<ListUsers.Handler>().AddScoped<GetUser.Handler>().AddScoped<CreateUser.Handler>().AddScoped<UpdateUser.Handler>().AddScoped<ChangeUserState.Handler>().AddScoped<ResetUser.Handler>();
        services.AddScoped<ListTenants.Handler>().AddScoped<CreateTenant.Handler>().AddScoped<ChangeTenant.Handler>();
        services.AddScoped<ListAccessKeys.Handler>().AddScoped<CreateAccessKey.Handler>().AddScoped<ChangeAccessKey.Handler>();
        services.AddScoped<ApiTokens>().AddScoped<HalfSignIns>();
        services.AddScoped<Login.Handler>().AddScoped<LoginMfa.Handler>().AddScoped<RefreshToken.Handler>().AddScoped<Logout.Handler>().AddScoped<ChangePasswordV1.Handler>();
        services.AddHostedService<ExpiredRows>();
        services.AddSingleton(s => s.GetRequiredService<IConfiguration>().GetSection("Identity:Licences").Get<LicenceOptions>() ?? new LicenceOptions());
        services.AddScoped<ReadLicences.Handler>().AddScoped<ActivateLicence.Handler>();
        services.AddHostedService<LicenceWatch>();
    }

    public static void MapFeatures(this WebApplication app)
    {
        app.MapGrpcService<PrincipalsService>().RequireService();
        var api = app.MapGroup("/api/v1/identity");

        var session = api.MapGroup("/session").WithTags("session");
        SignIn.Map(session);
        PassTotp.Map(session);
        ChangePassword.Map(session);
        GetSession.Map(session);
        SignOut.Map(session);

        var me = api.MapGroup("/me").WithTags("me");
        BeginTotp.Map(me);
        ConfirmTotp.Map(me);
        RemoveTotp.Map(me);
        UpdateMe.Map(me);

        var users = api.MapGroup("/users").WithTags("users");
        ListUsers.Map(users);
        GetUser.Map(users);
        CreateUser.Map(users);
        UpdateUser.Map(users);
        ChangeUserState.Map(users);
        ResetUser.Map(users);

        var tenants = api.MapGroup("/tenants").WithTags("tenants");
        ListTenants.Map(tenants);
        CreateTenant.Map(tenants);
        ChangeTenant.Map(tenants);

        var licences = api.MapGroup("/licences").WithTags("licences");
        ReadLicences.Map(licences);
        ActivateLicence.Map(licences);

        var keys = api.MapGroup("/access-keys").WithTags("access keys");
        ListAccessKeys.Map(keys);
        CreateAccessKey.Map(keys);
        ChangeAccessKey.Map(keys);

        Login.Map(app);
        LoginMfa.Map(app);
        RefreshToken.Map(app);
        Logout.Map(app);
        ChangePasswordV1.Map(app);
    }
}
