namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>What a runnable waits for: another that is healthy, or one that has run to its end with exit 0.</summary>
internal sealed record Need(string Name, bool Completed = false);

/// <summary>Result of one health check.</summary>
/// <param name="Answered">The process answered at all; one that does not for long is hung, and is started again.</param>
internal sealed record Check(bool Healthy, bool Answered, string? Problem)
{
    public static Check Passed { get; } = new(true, true, null);
    public static Check Refused(string problem) => new(false, true, problem);
    public static Check Silent(string problem) => new(false, false, problem);
}

/// <summary>One process that the suite keeps running: a server or a service.</summary>
internal interface IRunnable
{
    string Name { get; }

    /// <summary>Shown in the status table.</summary>
    string Command { get; }

    IReadOnlyList<int> Ports { get; }

    /// <summary>Ports that it opens on every address, not on loopback only.</summary>
    bool IsPublic { get; }

    IReadOnlyList<Need> Needs { get; }

    bool HasCheck { get; }

    Signal StopSignal { get; }

    TimeSpan StopLimit { get; }

    /// <summary>Before each start: data folders, configuration files.</summary>
    Task PrepareAsync(CancellationToken ct);

    Launch CreateLaunch();

    Task<Check> CheckAsync(CancellationToken ct);

    /// <summary>After the first passed check of each run, before it counts as healthy: databases, accounts.</summary>
    Task CompleteStartAsync(CancellationToken ct);
}

/// <summary>A step that ends by itself; exit 0 is its success (migrations).</summary>
internal interface IRunsToCompletion : IRunnable;
