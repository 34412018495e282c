using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Security;
using HyperBdr.ServiceDefaults.Results;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Ant.Features.Hosts;

/// <summary>One host, the list of hosts by name, and what the scheduler decided for one.</summary>
internal static class Read
{
    public sealed record TickView(string Mode, DateTimeOffset At, string Decision, Guid? TaskId, Guid PolicyId, long Missed, DateTimeOffset DecidedAt);

    public static void Map(RouteGroupBuilder hosts)
    {
        hosts.MapGet("/", async (AntDb db, string? stage, string? status, string? health, string? kw, [FromQuery(Name = "policy_id")] Guid? policyId, int? page, [FromQuery(Name = "page_size")] int? pageSize, CancellationToken ct) =>
                (await ListAsync(db, new Filter(stage, status, health, kw, policyId), new PageQuery(page, pageSize), ct)).ToHttp())
            .WithName("ant.hosts.list").Produces<Listing<HostView>>().ProducesProblem(400).RequirePermission(Permissions.HostsRead);
        hosts.MapGet("/{id:guid}", async (Guid id, AntDb db, CancellationToken ct) => (await GetAsync(db, id, ct)).ToHttp())
            .WithName("ant.hosts.get").Produces<HostView>().ProducesProblem(404).RequirePermission(Permissions.HostsRead);
        hosts.MapGet("/{id:guid}/ticks", async (Guid id, AntDb db, int? page, [FromQuery(Name = "page_size")] int? pageSize, CancellationToken ct) =>
                (await TicksAsync(db, id, new PageQuery(page, pageSize), ct)).ToHttp())
            .WithName("ant.hosts.ticks").Produces<Listing<TickView>>().ProducesProblem(404).RequirePermission(Permissions.HostsRead);
    }

    /// <summary>Deregistered hosts are shown only when they are asked for.</summary>
    internal sealed record Filter(string? Stage, string? Status, string? Health, string? Keyword, Guid? PolicyId);

    private static async Task<Result<Listing<HostView>>> ListAsync(AntDb db, Filter filter, PageQuery page, CancellationToken ct)
    {
        var rows = db.Hosts.AsNoTracking();
        var stage = Word<HostStage>(filter.Stage);
        var status = Word<HostStatus>(filter.Status);
        var health = Word<HostHealth>(filter.Health);
        if (stage.Unknown) return Error.Field("stage", "Enter select_host, setup_dr, start_dr or deregistered.");
        if (status.Unknown) return Error.Field("status", "Enter one of the host states, e.g. host_register_done, sync_doing, sync_failed, sync_snapshot_done, clean_doing or host_unregister_done.");
        if (health.Unknown) return Error.Field("health", "Enter active, disconnected, quarantined, revoked or removed.");
        rows = stage.Value is { } s ? rows.Where(h => h.Stage == s) : rows.Where(h => h.Stage != HostStage.Deregistered);
        if (status.Value is { } t) rows = rows.Where(h => h.Status == t);
        if (health.Value is { } x) rows = rows.Where(h => h.Health == x);
        if (filter.PolicyId is { } policy) rows = rows.Where(h => h.PolicyId == policy);
        if (filter.Keyword is { Length: > 0 and <= 255 } kw) rows = rows.Where(h => EF.Functions.ILike(h.Name, $"%{Escaped(kw)}%", "\\"));
        var found = await page.OfAsync(rows.OrderBy(h => h.Name).ThenBy(h => h.Id), ct);
        return new Listing<HostView>(await db.WithPoliciesAsync(found.Items, ct), found.Total, found.Page, found.PageSize);
    }

    internal static async Task<Result<HostView>> GetAsync(AntDb db, Guid id, CancellationToken ct) =>
        await db.Hosts.AsNoTracking().SingleOrDefaultAsync(h => h.Id == id, ct) is { } host ? (await db.WithPoliciesAsync([host], ct))[0] : ProtectedHost.NotFound;

    private static async Task<Result<Listing<TickView>>> TicksAsync(AntDb db, Guid id, PageQuery page, CancellationToken ct)
    {
        if (!await db.Hosts.AnyAsync(h => h.Id == id, ct)) return ProtectedHost.NotFound;
        var rows = db.Ticks.AsNoTracking().Where(t => t.HostId == id).OrderByDescending(t => t.At).ThenBy(t => t.Mode);
        return await page.OfAsync(rows.Select(t => new TickView(t.Mode, t.At, t.Decision, t.TaskId, t.PolicyId, t.Missed, t.DecidedAt)), ct);
    }

    private static (TEnum? Value, bool Unknown) Word<TEnum>(string? text)
        where TEnum : struct, Enum
    {
        if (string.IsNullOrEmpty(text)) return (null, false);
        foreach (var value in Enum.GetValues<TEnum>())
        {
            if (System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()) == text) return (value, false);
        }

        return (null, true);
    }

    private static string Escaped(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
}
