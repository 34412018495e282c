using System.Text.Json.Nodes;

namespace HyperBdr.Platforms.Kvm;

/// <summary>Moves serial text out of a running QEMU into the machine's log until it is disposed. Text that cannot be fetched or kept now waits in QEMU.</summary>
internal sealed class SerialFetch : IAsyncDisposable
{
    private const int Page = 65536;
    private const int MaxPages = 64;
    private static readonly TimeSpan FetchEvery = TimeSpan.FromMilliseconds(200);
    private readonly CancellationTokenSource ending = new();
    private readonly SemaphoreSlim turn = new(1);
    private readonly BoundedLog log;
    private readonly TimeProvider time;
    private readonly Task work;

    public SerialFetch(QmpLink qmp, BoundedLog log, TimeProvider time)
    {
        (Qmp, this.log, this.time) = (qmp, log, time);
        work = Task.Run(RunAsync);
    }

    public QmpLink Qmp { get; }

    /// <summary>Fetches what there is now.</summary>
    public async Task NowAsync(CancellationToken ct)
    {
        // In order: two that fetch at a time would write their pages in any.
        await turn.WaitAsync(ct);
        try
        {
            for (var left = MaxPages; left > 0; left--)
            {
                var text = Convert.FromBase64String((string?)await Qmp.ExecuteAsync("ringbuf-read", new JsonObject { ["device"] = "serial", ["size"] = Page, ["format"] = "base64" }, ct) ?? "");
                log.Append(text);
                if (text.Length < Page) return;
            }
        }
        catch (Exception e) when (e is PlatformException or IOException or UnauthorizedAccessException or FormatException)
        {
            // The next turn tries again; whether QEMU is alive is another question's answer.
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await work;
        ending.Dispose();
        Qmp.Dispose();
    }

    private async Task RunAsync()
    {
        using var again = new PeriodicTimer(FetchEvery, time);
        try
        {
            do await NowAsync(ending.Token);
            while (await again.WaitForNextTickAsync(ending.Token));
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
