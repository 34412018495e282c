namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>Wait before the next start: 0.5 s, doubled each time up to 30 s; from the beginning again after 60 s of health.</summary>
internal sealed class BackOff(TimeProvider time)
{
    public static readonly TimeSpan First = TimeSpan.FromSeconds(0.5);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan HealthyFor = TimeSpan.FromSeconds(60);

    private TimeSpan _next = First;
    private long? _healthySince;

    public void Healthy() => _healthySince ??= time.GetTimestamp();

    public void NotHealthy() => _healthySince = null;

    public TimeSpan Next()
    {
        if (_healthySince is { } since && time.GetElapsedTime(since) >= HealthyFor) _next = First;
        _healthySince = null;
        var wait = _next;
        _next = wait * 2 < Longest ? wait * 2 : Longest;
        return wait;
    }
}
