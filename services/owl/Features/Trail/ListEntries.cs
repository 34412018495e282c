using HyperBdr.Contracts.Security;
using HyperBdr.Owl.Domain;
using HyperBdr.Owl.Persistence;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Owl.Features.Trail;

/// <summary>The tenant's trail, newest first. <c>before_sequence</c> keeps a walk steady while new entries arrive.</summary>
internal static class ListEntries
{
    public sealed record Filter(
        [FromQuery(Name = "page")] int? Page,
        [FromQuery(Name = "page_size")] int? PageSize,
        [FromQuery(Name = "from")] DateTimeOffset? From,
        [FromQuery(Name = "to")] DateTimeOffset? To,
        [FromQuery(Name = "kind")] string? Kind,
        [FromQuery(Name = "actor")] string? Actor,
        [FromQuery(Name = "resource_type")] string? ResourceType,
        [FromQuery(Name = "outcome")] string? Outcome,
        [FromQuery(Name = "q")] string? Q,
        [FromQuery(Name = "before_sequence")] long? BeforeSequence);

    public static void Map(RouteGroupBuilder audit) =>
        audit.MapGet("/", async ([AsParameters] Filter filter, Handler handler, CancellationToken ct) => TypedResults.Ok(await handler.HandleAsync(filter, ct)))
            .WithName("owl.audit.list")
            .RequirePermission(Permissions.AuditRead);

    internal sealed class Handler(OwlDb db)
    {
        public async Task<Listing<AuditRow>> HandleAsync(Filter filter, CancellationToken ct)
        {
            var rows = Where(db.Entries.AsNoTracking(), filter).OrderByDescending(e => e.Sequence);
            var found = await new PageQuery(filter.Page, filter.PageSize).OfAsync(rows, ct);
            return new Listing<AuditRow>([.. found.Items.Select(AuditRow.Of)], found.Total, found.Page, found.PageSize);
        }

        private static IQueryable<AuditEntry> Where(IQueryable<AuditEntry> rows, Filter f)
        {
            if (f.BeforeSequence is { } before) rows = rows.Where(e => e.Sequence < before);
            if (f.From?.ToUniversalTime() is { } from) rows = rows.Where(e => e.OccurredAt >= from);
            if (f.To?.ToUniversalTime() is { } to) rows = rows.Where(e => e.OccurredAt < to);
            if (!string.IsNullOrEmpty(f.Kind)) rows = rows.Where(e => e.Kind == f.Kind);
            if (!string.IsNullOrEmpty(f.Outcome)) rows = rows.Where(e => e.Outcome == f.Outcome);
            if (!string.IsNullOrEmpty(f.ResourceType)) rows = rows.Where(e => e.ResourceType == f.ResourceType);
            if (Pattern(f.Actor) is { } actor) rows = rows.Where(e => EF.Functions.ILike(e.ActorName!, actor, Escape));
            if (Pattern(f.Q) is { } q) rows = rows.Where(e => EF.Functions.ILike(e.Action, q, Escape) || EF.Functions.ILike(e.ResourceName!, q, Escape) || EF.Functions.ILike(e.ActorName!, q, Escape) || EF.Functions.ILike(e.SourceIp!, q, Escape));
            return rows;
        }

        private const string Escape = "\\";

        /// <summary>"Contains", with the characters that mean something to LIKE taken as themselves.</summary>
        private static string? Pattern(string? text) => string.IsNullOrEmpty(text) ? null
            : $"%{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
    }
}
