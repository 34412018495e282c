using Microsoft.Extensions.Logging;

namespace HyperBdr.Watchman.Supervision;

/// <summary>Keeps s3block serving: starts it, asks it for its health, starts it again with growing waits.</summary>
/// <param name="health">Its health page, on loopback.</param>
internal sealed partial class Supervisor(IDataService service, Uri health, TimeProvider time, ILogger log) : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(5) };
    private readonly Lock gate = new();
    private TaskCompletionSource serving = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Starts { get; private set; }

    /// <summary>When it was last seen to serve, or when watching began; null while it serves.</summary>
    public DateTimeOffset? DownSince { get; private set; } = time.GetUtcNow();

    /// <summary>Returns when it serves.</summary>
    public Task ServingAsync(CancellationToken ct)
    {
        lock (gate) return serving.Task.WaitAsync(ct);
    }

    /// <summary>Runs until it is cancelled and leaves s3block as it is then.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var backOff = new Wait();
        var (lastGood, notBefore, adopted) = (time.GetTimestamp(), TimeSpan.Zero, false);
        using var timer = new PeriodicTimer(LookEvery, time);
        var asked = time.GetTimestamp();
        do
        {
            try
            {
                var running = await service.IsRunningAsync(ct);
                if (await IsHealthyAsync(ct))
                {
                    if (Starts == 0 && !adopted) Adopted(log);
                    adopted = true;
                    if (backOff.Any && time.GetElapsedTime(asked) > Patience) backOff = new Wait();
                    lastGood = time.GetTimestamp();
                    Serves(true);
                }
                else if (!running)
                {
                    Serves(false);
                    if (time.GetElapsedTime(asked) < notBefore) continue;
                    if (Starts > 0 || adopted) Ended(log, Starts);
                    (asked, notBefore, lastGood) = (time.GetTimestamp(), backOff.Next(), time.GetTimestamp());
                    Starts++;
                    await service.StartAsync(ct);
                }
                else if (time.GetElapsedTime(lastGood) > Patience)
                {
                    Serves(false);
                    Silent(log, Patience);
                    await service.StopAsync(ct);
                }
            }
            catch (IOException e)
            {
                NotStarted(log, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(ct));
    }

    public void Dispose() => http.Dispose();

    private void Serves(bool now)
    {
        lock (gate)
        {
            DownSince = now ? null : DownSince ?? time.GetUtcNow();
            if (now) serving.TrySetResult();
            else if (serving.Task.IsCompleted) serving = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private async Task<bool> IsHealthyAsync(CancellationToken ct)
    {
        try
        {
            using var answer = await http.GetAsync(health, HttpCompletionOption.ResponseHeadersRead, ct);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Waits between starts: none, 2, 4 ... 60 s.</summary>
    private sealed class Wait
    {
        private int starts;

        public bool Any => starts > 0;

        public TimeSpan Next() => starts++ == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, Math.Min(starts - 1, 6))));
    }

    [LoggerMessage(EventId = 8301, Level = LogLevel.Information, Message = "s3block serves already: it is taken over as it is")]
    private static partial void Adopted(ILogger log);

    [LoggerMessage(EventId = 8302, Level = LogLevel.Error, Message = "s3block has ended; it is started again ({Starts} starts before)")]
    private static partial void Ended(ILogger log, int starts);

    [LoggerMessage(EventId = 8303, Level = LogLevel.Error, Message = "s3block runs but has not answered for {Patience}: it is stopped and started again")]
    private static partial void Silent(ILogger log, TimeSpan patience);

    [LoggerMessage(EventId = 8304, Level = LogLevel.Error, Message = "s3block cannot be started or stopped: {Reason}")]
    private static partial void NotStarted(ILogger log, string reason);
}
