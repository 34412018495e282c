using HyperBdr.Storplus.Domain;
using HyperBdr.Storplus.Persistence;
using Microsoft.EntityFrameworkCore;

namespace HyperBdr.Storplus.Maintenance;

/// <summary>Growth of a repository from a sample a day.</summary>
internal static class Capacity
{
    private const int Days = 30;

    /// <summary>The day's sample; the last one of a day counts.</summary>
    public static Task<int> SampleAsync(StorplusDb db, TenantRepository repository, DateTimeOffset now, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        insert into capacity_samples (repository_id, day, tenant_id, used_bytes)
        values ({repository.Id}, {DateOnly.FromDateTime(now.UtcDateTime)}, {repository.TenantId}, {repository.UsedBytes})
        on conflict (repository_id, day) do update set used_bytes = excluded.used_bytes
        """, ct);

    /// <summary>Bytes per day over the last 30 days at most; null with fewer than two days.</summary>
    public static async Task<long?> GrowthAsync(StorplusDb db, Guid repositoryId, DateTimeOffset now, CancellationToken ct)
    {
        var since = DateOnly.FromDateTime(now.UtcDateTime).AddDays(-Days);
        var samples = await db.CapacitySamples.AsNoTracking().Where(s => s.RepositoryId == repositoryId && s.Day >= since).OrderBy(s => s.Day).ToListAsync(ct);
        if (samples.Count < 2) return null;
        return (samples[^1].UsedBytes - samples[0].UsedBytes) / (samples[^1].Day.DayNumber - samples[0].Day.DayNumber);
    }

    /// <summary>Null when it does not grow or the space is not known.</summary>
    public static int? DaysToFull(long? growth, long? freeBytes) => growth is > 0 && freeBytes is { } free ? (int)Math.Min(int.MaxValue, free / growth.Value) : null;
}
