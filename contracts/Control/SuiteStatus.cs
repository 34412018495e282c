namespace HyperBdr.Contracts.Control;

/// <summary>State of the whole suite, as the control socket's <c>GET /status</c> gives it (JSON, snake_case).</summary>
/// <param name="Home">Folder of all data, logs, certificates and secrets.</param>
/// <param name="Healthy">Every service that should run does, and passes its check.</param>
/// <param name="Console">Address of the console, e.g. <c>https://localhost:10443</c>.</param>
public sealed record SuiteStatus(string Home, bool Healthy, string Console, DateTimeOffset StartedAt, IReadOnlyList<ServiceStatus> Services);

/// <summary>One process of the suite.</summary>
/// <param name="State">What it does now.</param>
/// <param name="ExitCode">Of the last run, when it ended.</param>
/// <param name="Restarts">Times that it was started again after an unwanted end.</param>
/// <param name="MemoryBytes">Resident set, 0 when it does not run.</param>
/// <param name="CpuSeconds">User and system time of the running process.</param>
public sealed record ServiceStatus(
    string Name, string Command, ServiceState State, int? ExitCode, int? ProcessId, DateTimeOffset? StartedAt,
    int Restarts, IReadOnlyList<int> Ports, long MemoryBytes, double CpuSeconds, string? Problem)
{
    /// <summary>The reference's words: <c>Up</c>, <c>Up (healthy)</c>, <c>Up (health: starting)</c>, <c>Up (unhealthy)</c>, <c>Restarting</c>, <c>Exit N</c>.</summary>
    public string Text => State switch
    {
        ServiceState.Up => "Up",
        ServiceState.Healthy => "Up (healthy)",
        ServiceState.Starting => "Up (health: starting)",
        ServiceState.Unhealthy => "Up (unhealthy)",
        ServiceState.Restarting => "Restarting",
        ServiceState.Waiting => "Waiting",
        _ => $"Exit {ExitCode ?? 0}",
    };
}

public enum ServiceState
{
    /// <summary>Waits for what it needs.</summary>
    Waiting,
    /// <summary>Runs; its check has not passed yet.</summary>
    Starting,
    /// <summary>Runs and has no check.</summary>
    Up,
    /// <summary>Runs and passes its check.</summary>
    Healthy,
    /// <summary>Runs and fails its check.</summary>
    Unhealthy,
    /// <summary>Ended unwanted; waits for the next start.</summary>
    Restarting,
    /// <summary>Ended: stopped by hand, or a step that is complete (exit 0).</summary>
    Exited,
}

/// <summary>A refusal of the control socket.</summary>
public sealed record ControlProblem(string Code, string Message);
