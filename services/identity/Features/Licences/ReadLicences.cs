using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Licences;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Licences;

/// <summary>Licences, the log of their units, and the code with which one is ordered.</summary>
internal static class ReadLicences
{
    /// <param name="Code">To be sent to the seller.</param>
    public sealed record Registration(string Kind, string Code);

    public static void Map(RouteGroupBuilder licences)
    {
        licences.MapGet("", async (int? page, [FromQuery(Name = "page_size")] int? pageSize, Handler handler, CancellationToken ct) => TypedResults.Ok(await handler.ListAsync(new PageQuery(page, pageSize), ct)))
            .WithName("identity.licences.list").RequirePermission(Permissions.LicencesRead).Answers<Listing<LicenceView>>(400, 401, 403);
        licences.MapGet("/log", async (int? page, [FromQuery(Name = "page_size")] int? pageSize, Handler handler, CancellationToken ct) => TypedResults.Ok(await handler.LogAsync(new PageQuery(page, pageSize), ct)))
            .WithName("identity.licences.log").RequirePermission(Permissions.LicencesRead).Answers<Listing<LicenceLogView>>(400, 401, 403);
        licences.MapGet("/registration", (string? kind, [FromQuery(Name = "tenant_id")] Guid? tenantId, Handler handler) => handler.Register(kind, tenantId).ToHttp())
            .WithName("identity.licences.registration").RequirePermission(Permissions.LicencesRead).Answers<Registration>(400, 401, 403);
    }

    internal sealed class Handler(IdentityDb db, CallContext call, TimeProvider time)
    {
        public Task<Listing<LicenceView>> ListAsync(PageQuery page, CancellationToken ct) =>
            page.OfAsync(db.VisibleLicencesOf(call).OrderBy(l => l.ExpiresAt).ThenBy(l => l.Id).Views(db, time.GetUtcNow()), ct);

        public Task<Listing<LicenceLogView>> LogAsync(PageQuery page, CancellationToken ct)
        {
            var visible = db.VisibleLicencesOf(call).Select(l => l.Id);
            return page.OfAsync(db.LicenceLog.Where(r => visible.Contains(r.LicenceId)).OrderByDescending(r => r.Id).Select(r => new LicenceLogView(r.LicenceId, r.HostId, r.HostName, r.Change, r.Operator, r.At)), ct);
        }

        public Result<Registration> Register(string? kind, Guid? tenant)
        {
            if (kind is not null && !Licence.Kinds.Contains(kind)) return Error.Field("kind", "One of: dr, failback, migration.");
            var own = call.Caller.Role == Roles.PlatformAdmin && tenant is { } named ? named : call.TenantId;
            return new Registration(kind ?? "dr", ActivationCode.RegistrationOf(own, kind ?? "dr"));
        }
    }
}
