namespace HyperBdr.LinuxAgent.Syncs;

/// <summary>Mean speed of the last ten seconds, and the time that is left at it.</summary>
internal sealed class SpeedMeter(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BeforeEstimate = TimeSpan.FromSeconds(30);
    private readonly long begun = time.GetTimestamp();
    private readonly Queue<(long At, long Done)> samples = new();

    /// <returns>Bytes a second, and seconds left: 0 while that is not known.</returns>
    public (long BytesPerSecond, long RemainingSeconds) Add(long done, long total)
    {
        var now = time.GetTimestamp();
        samples.Enqueue((now, done));
        while (samples.Count > 2 && time.GetElapsedTime(samples.Peek().At, now) > Window) samples.Dequeue();
        var first = samples.Peek();
        var seconds = time.GetElapsedTime(first.At, now).TotalSeconds;
        var speed = seconds > 0 ? (long)(Math.Max(0, done - first.Done) / seconds) : 0;
        var known = speed > 0 && time.GetElapsedTime(begun, now) >= BeforeEstimate;
        return (speed, known ? Math.Max(1, (total - done) / speed) : 0);
    }
}
