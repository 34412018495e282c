using HyperBdr.Engine.Repositories;

namespace HyperBdr.Engine.Maintenance;

/// <summary>When the store's clock is believed.</summary>
/// <param name="MaxBack">What it may be behind the latest epoch or point.</param>
/// <param name="MaxAhead">What it may be ahead of the newest of latest epoch, newest point and this machine's clock.</param>
public sealed record ClockPolicy(TimeSpan MaxBack, TimeSpan MaxAhead)
{
    /// <summary>Ten minutes behind, thirty days ahead.</summary>
    public static ClockPolicy Default { get; } = new(TimeSpan.FromMinutes(10), TimeSpan.FromDays(30));
}

/// <summary>The one clock that ages are measured with.</summary>
internal static class StoreClock
{
    /// <summary>The store's time.</summary>
    /// <exception cref="EngineException"><see cref="Fault.ClockJumped"/></exception>
    public static async Task<DateTimeOffset> ReadAsync(Repository repository, IReadOnlyList<PointEntry> points, ClockPolicy policy, CancellationToken ct)
    {
        var epoch = await CollectorEpoch.LatestAsync(repository.Objects, ct);
        var now = await repository.Store.ClockAsync(ct);
        Check(repository.Store.Location, epoch, points, repository.Time.GetUtcNow(), now, policy);
        return now;
    }

    public static void Check(string store, CollectorEpoch epoch, IReadOnlyList<PointEntry> points, DateTimeOffset local, DateTimeOffset now, ClockPolicy policy)
    {
        if (now < epoch.At - policy.MaxBack) throw Jumped(store, now, $"epoch {epoch.Number} was published at {epoch.At:u}");
        // A point from the future is a matter of its own and must not vouch for the clock.
        var known = points.Select(p => p.Point?.TakenAt).OfType<DateTimeOffset>().Where(t => t <= now).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
        var newest = new[] { epoch.At, local, known }.Max();
        if (now - newest > policy.MaxAhead) throw Jumped(store, now, $"the newest time known is {newest:u}");
    }

    private static EngineException Jumped(string store, DateTimeOffset now, string message) =>
        new(Fault.ClockJumped, store, $"the store's clock says {now:u}, but {message}: nothing is deleted");
}
