using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Owl.Persistence;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Owl.Features.Trail;

/// <summary>One entry by its id.</summary>
internal static class GetEntry
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "owl.audit.not_found", "No such audit entry.");

    public static void Map(RouteGroupBuilder audit) =>
        audit.MapGet("/{id:guid}", async (Guid id, Handler handler, CancellationToken ct) => (await handler.HandleAsync(id, ct)).ToHttp())
            .WithName("owl.audit.get")
            .Produces<AuditRow>()
            .RequirePermission(Permissions.AuditRead);

    internal sealed class Handler(OwlDb db)
    {
        public async Task<Result<AuditRow>> HandleAsync(Guid id, CancellationToken ct) =>
            await db.Entries.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id, ct) is { } entry ? AuditRow.Of(entry) : NotFound;
    }
}
