using HyperBdr.Ant.Domain.Policies;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using NodaTime;

namespace HyperBdr.Ant.Features.Policies;

/// <summary>One policy, the list, its next execution times, those of a form that is not saved yet, and the templates.</summary>
internal static class Read
{
    private const int Ticks = 10;

    /// <summary>The next ten times of each schedule, UTC; <paramref name="LimitMbps"/> is the window's limit at this moment.</summary>
    public sealed record NextTimes(IReadOnlyList<DateTimeOffset> Incremental, IReadOnlyList<DateTimeOffset> Full, decimal? LimitMbps);

    public static void Map(RouteGroupBuilder policies)
    {
        policies.MapGet("/", async (AntDb db, TimeProvider time, string? kw, bool? enabled, int? page, [FromQuery(Name = "page_size")] int? pageSize, CancellationToken ct) =>
                TypedResults.Ok(await ListAsync(db, time, kw, enabled, new PageQuery(page, pageSize), ct)))
            .WithName("ant.policies.list").RequirePermission(Permissions.PoliciesRead);
        policies.MapGet("/templates", () => TypedResults.Ok(Templates.All)).WithName("ant.policies.templates").RequirePermission(Permissions.PoliciesRead);
        policies.MapPost("/preview", (PolicyForm body, TimeProvider time) => Preview(body, time).ToHttp())
            .WithName("ant.policies.preview").Produces<NextTimes>().ProducesProblem(400).WithMetadata(new ServiceDefaults.Calls.ReadOnlyCallAttribute()).RequirePermission(Permissions.PoliciesRead);
        policies.MapGet("/{id:guid}", async (Guid id, AntDb db, TimeProvider time, CancellationToken ct) => (await GetAsync(db, time, id, ct)).ToHttp())
            .WithName("ant.policies.get").Produces<PolicyView>().ProducesProblem(404).RequirePermission(Permissions.PoliciesRead);
        policies.MapGet("/{id:guid}/next", async (Guid id, AntDb db, TimeProvider time, CancellationToken ct) => (await NextAsync(db, time, id, ct)).ToHttp())
            .WithName("ant.policies.next").Produces<NextTimes>().ProducesProblem(404).RequirePermission(Permissions.PoliciesRead);
    }

    private static async Task<Listing<PolicyView>> ListAsync(AntDb db, TimeProvider time, string? kw, bool? enabled, PageQuery page, CancellationToken ct)
    {
        var rows = db.Policies.AsNoTracking();
        if (kw is { Length: > 0 and <= 64 })
        {
            var lower = kw.ToLowerInvariant();
#pragma warning disable CA1304, CA1311, CA1862, MA0011 // Becomes SQL lower(); the database knows no string comparisons of .NET.
            rows = rows.Where(p => p.Name.ToLower().Contains(lower));
#pragma warning restore CA1304, CA1311, CA1862, MA0011
        }

        if (enabled is { } on) rows = rows.Where(p => p.Enabled == on);
        var found = await page.OfAsync(rows.OrderBy(p => p.Name).ThenBy(p => p.Id), ct);
        return new Listing<PolicyView>(await db.WithHostsAsync(found.Items, time.GetUtcNow(), ct), found.Total, found.Page, found.PageSize);
    }

    internal static async Task<Result<PolicyView>> GetAsync(AntDb db, TimeProvider time, Guid id, CancellationToken ct) =>
        await db.Policies.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, ct) is { } policy ? (await db.WithHostsAsync([policy], time.GetUtcNow(), ct))[0] : Policy.NotFound;

    private static async Task<Result<NextTimes>> NextAsync(AntDb db, TimeProvider time, Guid id, CancellationToken ct) =>
        await db.Policies.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, ct) is { } policy ? Of(policy.Times, time) : Policy.NotFound;

    /// <summary>The name is not asked for: the form may be half filled in.</summary>
    private static Result<NextTimes> Preview(PolicyForm form, TimeProvider time)
    {
        var times = PolicyTimes.Of(form.TimeZone ?? "", form.StartTime ?? "", new PolicyBody(form.Incremental, form.Full, form.SpeedLimit, form.Retention));
        return times.IsError ? times.Error : Of(times.Value, time);
    }

    private static NextTimes Of(PolicyTimes times, TimeProvider time)
    {
        var now = Instant.FromDateTimeOffset(time.GetUtcNow());
        return new NextTimes(Next(times.Incremental, now), Next(times.Full, now), times.Limits.At(now) is { } bits ? bits / 1_000_000m : null);
    }

    private static List<DateTimeOffset> Next(Schedule? schedule, Instant now) => schedule?.After(now).Take(Ticks).Select(t => t.ToDateTimeOffset()).ToList() ?? [];
}
