using NodaTime;

namespace HyperBdr.Ant.Domain.Policies;

/// <summary>Time zones by IANA id, and what a wall time means where the clock jumps or repeats.</summary>
/// <remarks>The zone data is part of the program, so every replica and every machine has the same.</remarks>
internal static class Zones
{
    public static DateTimeZone? Find(string id) => DateTimeZoneProviders.Tzdb.GetZoneOrNull(id);

    /// <summary>One instant: in a repeated hour the first; in a gap the first after it.</summary>
    public static Instant FirstAt(this DateTimeZone zone, LocalDateTime local)
    {
        var map = zone.MapLocal(local);
        return map.Count == 0 ? map.LateInterval.Start : map.First().ToInstant();
    }

    /// <summary>All instants with this wall time: none in a gap, two where the clock repeats.</summary>
    public static IEnumerable<Instant> EachAt(this DateTimeZone zone, LocalDateTime local)
    {
        var map = zone.MapLocal(local);
        if (map.Count > 0) yield return map.First().ToInstant();
        if (map.Count > 1) yield return map.Last().ToInstant();
    }

    /// <summary>As people see it: <c>(GMT+08:00) Asia/Shanghai</c>, with the offset of this moment.</summary>
    public static string Display(DateTimeZone zone, Instant now)
    {
        var offset = zone.GetUtcOffset(now);
        return $"(GMT{offset.ToString("+HH:mm", System.Globalization.CultureInfo.InvariantCulture)}) {zone.Id}";
    }
}
