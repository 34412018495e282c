namespace HyperBdr.Engine.Nbd;

/// <summary>Notes the order in which units of a disk are read for the first time. Safe for calls side by side.</summary>
public sealed class ReadTrace
{
    private readonly Lock gate = new();
    private readonly HashSet<long> seen = [];
    private readonly List<long> order = [];

    /// <summary>Units noted so far, at most <see cref="BootProfile.MaxUnits"/>.</summary>
    public int Count
    {
        get
        {
            lock (gate) return order.Count;
        }
    }

    /// <summary>What was noted so far.</summary>
    public BootProfile ToProfile(CachedSource cache)
    {
        ArgumentNullException.ThrowIfNull(cache);
        lock (gate) return new(cache.UnitBytes, cache.Length!.Value, [.. order]);
    }

    internal void Touch(long unit)
    {
        lock (gate)
        {
            if (order.Count < BootProfile.MaxUnits && seen.Add(unit)) order.Add(unit);
        }
    }
}
