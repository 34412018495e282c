namespace HyperBdr.Engine.Stores;

/// <summary>Bytes per second in each direction; null is without limit.</summary>
/// <param name="UpBytesPerSecond">Of puts.</param>
/// <param name="DownBytesPerSecond">Of reads.</param>
public sealed record Rate(long? UpBytesPerSecond, long? DownBytesPerSecond)
{
    /// <summary>No limit.</summary>
    public static Rate Unlimited { get; } = new(null, null);
}

/// <summary>Hours of the week in which a rate holds, for example Monday to Friday from 08:00 to 18:00.</summary>
/// <param name="Days">The days on which it begins.</param>
/// <param name="From">Wall-clock time of its beginning.</param>
/// <param name="To">Wall-clock time of its end, exclusive; at or before <paramref name="From"/> it ends on the next day.</param>
/// <param name="Rate">What holds within.</param>
public sealed record RateWindow(IReadOnlySet<DayOfWeek> Days, TimeOnly From, TimeOnly To, Rate Rate)
{
    /// <summary>True when this wall-clock time lies in the window.</summary>
    public bool Holds(DateTime wall)
    {
        var at = TimeOnly.FromDateTime(wall);
        if (From < To) return Days.Contains(wall.DayOfWeek) && at >= From && at < To;
        // Over midnight: this evening's part, or the rest of the one that began yesterday.
        return (Days.Contains(wall.DayOfWeek) && at >= From) || (Days.Contains(wall.AddDays(-1).DayOfWeek) && at < To);
    }
}

/// <summary>Which rate holds when: the first window that holds, else the rate outside of all.</summary>
/// <param name="Zone">Whose wall clock the windows mean, with its daylight saving time.</param>
/// <param name="Windows">In order of precedence.</param>
/// <param name="Otherwise">Outside of every window.</param>
public sealed record RatePlan(TimeZoneInfo Zone, IReadOnlyList<RateWindow> Windows, Rate Otherwise)
{
    /// <summary>One rate at all times.</summary>
    public static RatePlan Always(Rate rate) => new(TimeZoneInfo.Utc, [], rate);

    /// <summary>The rate at a moment.</summary>
    public Rate At(DateTimeOffset moment)
    {
        var wall = TimeZoneInfo.ConvertTime(moment, Zone).DateTime;
        return Windows.FirstOrDefault(w => w.Holds(wall))?.Rate ?? Otherwise;
    }

    /// <exception cref="EngineException"><see cref="Fault.InvalidArgument"/></exception>
    internal void Check()
    {
        foreach (var rate in Windows.Select(w => w.Rate).Append(Otherwise))
        {
            if (rate.UpBytesPerSecond < 1024 || rate.DownBytesPerSecond < 1024) throw new EngineException(Fault.InvalidArgument, "rate", $"{rate}: a limit is at least 1024 bytes a second");
        }
    }
}
