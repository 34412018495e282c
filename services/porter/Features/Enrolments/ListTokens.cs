using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.Porter.Domain;
using HyperBdr.Porter.Persistence;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Porter.Features.Enrolments;

/// <summary>The tenant's enrolment tokens, newest first.</summary>
internal static class ListTokens
{
    public static void Map(RouteGroupBuilder tokens) =>
        tokens.MapGet("/", async (int? page, [FromQuery(Name = "page_size")] int? pageSize, string? state, Handler handler, CancellationToken ct) =>
                (await handler.HandleAsync(new PageQuery(page, pageSize), state, ct)).ToHttp())
            .WithName("porter.enrolment_tokens.list")
            .Produces<Listing<TokenRow>>()
            .RequirePermission(Permissions.EnrolmentsRead);

    internal sealed class Handler(PorterDb db, TimeProvider time)
    {
        public async Task<Result<Listing<TokenRow>>> HandleAsync(PageQuery page, string? state, CancellationToken ct)
        {
            var now = time.GetUtcNow();
            IQueryable<EnrolmentToken> rows = db.EnrolmentTokens.AsNoTracking();
            if (!string.IsNullOrEmpty(state))
            {
                if (!Enum.TryParse<EnrolmentTokenState>(state, ignoreCase: true, out var wanted) || !Enum.IsDefined(wanted)) return Error.Field("state", "One of active, used, expired, revoked.");
                rows = rows.Where(TokenRow.IsIn(wanted, now));
            }

            var found = await page.OfAsync(rows.OrderByDescending(t => t.CreatedAt).ThenByDescending(t => t.Id), ct);
            return new Listing<TokenRow>([.. found.Items.Select(t => TokenRow.Of(t, now))], found.Total, found.Page, found.PageSize);
        }
    }
}
