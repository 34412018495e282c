using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Identity.Domain;
using HyperBdr.Identity.Licences;
using HyperBdr.Identity.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Identity.Features.Licences;

/// <summary>Activates a code that the seller signed for this customer; each once.</summary>
internal static class ActivateLicence
{
    public static readonly Error OtherCustomer = new(ErrorKind.Conflict, "identity.licence.other_registration", "The activation code was made for another registration code.");
    public static readonly Error Used = new(ErrorKind.Conflict, "identity.licence.code_used", "The activation code was used already.");

    /// <param name="TenantId">For a platform administrator: the customer.</param>
    public sealed record Request(string? ActivationCode, Guid? TenantId);

    public static void Map(RouteGroupBuilder licences) =>
        licences.MapPost("", async (Request body, Handler handler, CancellationToken ct) => (await handler.HandleAsync(body, ct)).ToHttp(l => TypedResults.Created($"/api/v1/identity/licences/{l.Id}", l)))
            .WithName("identity.licences.activate").RequirePermission(Permissions.LicencesWrite).Creates<LicenceView>(400, 401, 403, 404, 409);

    internal sealed class Handler(IdentityDb db, LicenceOptions options, CallContext call, TimeProvider time)
    {
        public async Task<Result<LicenceView>> HandleAsync(Request body, CancellationToken ct)
        {
            if (new FieldErrors().Required("activation_code", body.ActivationCode).Error is { } missing) return missing;
            var tenant = call.Caller.Role == Roles.PlatformAdmin && body.TenantId is { } named ? named : call.TenantId;
            if (!await NamedTenants.CustomersOf(db).AnyAsync(t => t.Id == tenant, ct)) return NamedTenants.NotFound;
            var grant = ActivationCode.Read(body.ActivationCode!, options);
            if (grant.IsError) return grant.Error;
            if (grant.Value.Registration != ActivationCode.RegistrationOf(tenant, grant.Value.Kind)) return OtherCustomer;
            if (await db.Licences.AnyAsync(l => l.TenantId == tenant && l.Code == grant.Value.Id, ct)) return Used;
            var now = time.GetUtcNow();
            var licence = db.AddLicence(tenant, grant.Value, call.Caller.Name, now);
            call.Record?.Concerns("licence", licence.Id, grant.Value.Id);
            try
            {
                await db.SaveChangesAsync(ct);
            }
            catch (DbUpdateException e) when (e.IsDuplicate())
            {
                return Used;
            }

            return await db.Licences.Where(l => l.Id == licence.Id).Views(db, now).SingleAsync(ct);
        }
    }
}
