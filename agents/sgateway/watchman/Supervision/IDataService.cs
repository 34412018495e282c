namespace HyperBdr.Watchman.Supervision;

/// <summary>The process of s3block: a unit of systemd, or a process that watchman started itself.</summary>
internal interface IDataService
{
    Task<bool> IsRunningAsync(CancellationToken ct);

    Task StartAsync(CancellationToken ct);

    /// <summary>Asks it to end and waits; ends it by force when it does not.</summary>
    Task StopAsync(CancellationToken ct);
}
