namespace HyperBdr.LinuxAgent.Syncs;

/// <summary>Codes of results; a code never changes its meaning (docs/agent-config.md).</summary>
internal static class SyncCodes
{
    public const string ReadFailed = "agent.disk.read_failed";
    public const string Vanished = "agent.disk.vanished";
    public const string Shrunk = "agent.disk.shrunk";
    public const string Grown = "agent.disk.grown";
    public const string NoDisk = "agent.disk.none";
    public const string LocalFull = "agent.local_full";
    public const string LocalFailed = "agent.local_failed";
    public const string PoolFull = "agent.pool.full";
    public const string PoolUnreachable = "agent.pool.unreachable";
    public const string PoolRefused = "agent.pool.refused";
    public const string ClockWrong = "agent.clock.wrong";
    public const string SessionExpired = "agent.session.expired";
    public const string SessionOutlived = "agent.session.outlived";
    public const string SessionUnreadable = "agent.session.unreadable";
    public const string Stopped = "agent.stopped_by_user";
    public const string Busy = "agent.sync.busy";
    public const string ScriptRefused = "agent.script.refused";
    public const string ScriptFailed = "agent.script.failed";
    public const string MemoryLow = "agent.memory.low";
    public const string SettingsRefused = "agent.settings.refused";
    public const string Internal = "agent.internal";
}
