namespace HyperBdr.Storplus.Maintenance;

/// <summary>Numbers of housekeeping and maintenance; section <c>Storplus:Maintenance</c>.</summary>
internal sealed record MaintenanceOptions
{
    public TimeSpan HousekeepingEach { get; init; } = TimeSpan.FromMinutes(10);

    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a lease is lengthened and a cancellation seen, and how often new runs are looked for.</summary>
    public TimeSpan LookEach { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan CollectEach { get; init; } = TimeSpan.FromHours(24);

    /// <summary>After deletions a collection comes earlier, but not oftener than this.</summary>
    public TimeSpan CollectAfterDeletions { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Age below which nothing is condemned; see the engine's collector.</summary>
    public TimeSpan CollectMinimumAge { get; init; } = TimeSpan.FromHours(24);

    public TimeSpan VerifyEach { get; init; } = TimeSpan.FromHours(24);

    public TimeSpan ScrubEach { get; init; } = TimeSpan.FromHours(24);

    /// <summary>After so many scrubs every pack was read.</summary>
    public int ScrubParts { get; init; } = 30;

    /// <summary>Share of its file system from which on a pool is called nearly full.</summary>
    public double NearlyFull { get; init; } = 0.85;

    /// <summary>Ended sessions are forgotten after it.</summary>
    public TimeSpan SessionsKept { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Ended runs and probes are forgotten after it, but for the newest of each kind.</summary>
    public TimeSpan RunsKept { get; init; } = TimeSpan.FromDays(90);

    public static MaintenanceOptions Of(IConfiguration configuration) => configuration.GetSection("Storplus:Maintenance").Get<MaintenanceOptions>() ?? new MaintenanceOptions();
}
