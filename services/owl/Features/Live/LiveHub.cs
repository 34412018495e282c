using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.SignalR;

namespace HyperBdr.Owl.Features.Live;

/// <summary>Live view of a tenant: <c>audit</c> and <c>task</c> messages, each for those who may read them.</summary>
/// <remarks>
/// A connection lasts as long as the token that opened it (60 s), then the server ends it and the console connects again with a fresh
/// one: so a session that was ended, or a role that was taken away, is cut within a minute without asking anybody.
/// </remarks>
internal sealed class LiveHub : Hub
{
    public static string AuditOf(Guid tenant) => $"audit:{tenant}";

    public static string TasksOf(Guid tenant) => $"task:{tenant}";

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapHub<LiveHub>("/api/v1/owl/live", o => o.CloseOnAuthenticationExpiration = true)
            .WithMetadata(new ReadOnlyCallAttribute())
            .RequireSignedIn();

    public override async Task OnConnectedAsync()
    {
        var caller = Context.GetHttpContext()!.RequestServices.GetRequiredService<CallContext>().Caller;
        if (Permissions.Allows(caller.Role, Permissions.AuditRead)) await Groups.AddToGroupAsync(Context.ConnectionId, AuditOf(caller.TenantId), Context.ConnectionAborted);
        if (Permissions.Allows(caller.Role, Permissions.TasksRead)) await Groups.AddToGroupAsync(Context.ConnectionId, TasksOf(caller.TenantId), Context.ConnectionAborted);
        await base.OnConnectedAsync();
    }
}
