using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HyperBdr.ServiceDefaults.Security;

/// <summary>What an endpoint asks of its caller; each endpoint names exactly one (a test walks them all).</summary>
/// <param name="Needs">A permission, or <c>anybody</c>, <c>signed_in</c>, <c>service</c>, <c>machine</c>.</param>
public sealed record AccessRule(string Needs) : IAuthorizationRequirement;

public static class Access
{
    /// <summary>The caller's role must have the permission.</summary>
    public static TBuilder RequirePermission<TBuilder>(this TBuilder builder, string permission)
        where TBuilder : IEndpointConventionBuilder => builder.Require(new AccessRule(permission));

    /// <summary>Any signed-in person or key, whose account has nothing pending.</summary>
    public static TBuilder RequireSignedIn<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.Require(new AccessRule("signed_in"));

    /// <summary>Only another process of the suite.</summary>
    public static TBuilder RequireService<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.Require(new AccessRule("service"));

    /// <summary>Only an enrolled machine, by its certificate.</summary>
    public static TBuilder RequireMachine<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.Require(new AccessRule("machine"));

    /// <summary>Anybody the gateway lets through, signed in or not.</summary>
    public static TBuilder AllowAnybody<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.Require(new AccessRule("anybody"));

    private static TBuilder Require<TBuilder>(this TBuilder builder, AccessRule rule)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.WithMetadata(rule);
        // Every endpoint has a rule, so this is where none can miss the check of its arguments.
        RequestValidation.Add(builder);
        return builder.RequireAuthorization(PolicyOf(rule));
    }

    internal static AuthorizationPolicy PolicyOf(AccessRule rule) =>
        new AuthorizationPolicyBuilder(JwtBearerDefaults.AuthenticationScheme).AddRequirements(rule).Build();

    internal static void AddAccess(this IServiceCollection services, string service)
    {
        services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        services.AddSingleton<IConfigureOptions<JwtBearerOptions>>(sp => new ConfigureNamedOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, options =>
        {
            options.MapInboundClaims = false;
            options.TokenValidationParameters = sp.GetRequiredService<InternalTokens>().Validation(service);
            options.Events = new JwtBearerEvents
            {
                OnTokenValidated = context =>
                {
                    context.HttpContext.RequestServices.GetRequiredService<CallContext>().Caller =
                        InternalTokens.CallerOf(context.Principal!, context.HttpContext.Connection.RemoteIpAddress?.ToString());
                    return Task.CompletedTask;
                },
            };
        }));
        services.AddScoped<IAuthorizationHandler, AccessHandler>();
        services.AddHostedService<EndpointRules>();
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(_ => false).Build());
    }

    private sealed class AccessHandler(CallContext call) : AuthorizationHandler<AccessRule>
    {
        protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, AccessRule requirement)
        {
            // Services stand behind the gateway: a call without its token is nobody's, even for endpoints open to anybody.
            var caller = call.Caller;
            var known = context.User.Identity?.IsAuthenticated == true;
            var complete = caller.Pending.Length == 0 && caller.Kind is not ("anonymous" or "machine");
            var allowed = known && requirement.Needs switch
            {
                "anybody" => true,
                "service" => caller.IsService,
                "machine" => caller.IsMachine,
                "signed_in" => complete,
                _ => complete && (caller.IsService || Permissions.Allows(caller.Role, requirement.Needs)),
            };
            if (allowed) context.Succeed(requirement);
            return Task.CompletedTask;
        }
    }
}
