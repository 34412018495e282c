using System.Text.Json;

namespace HyperBdr.Hbdr.Output;

internal enum ProgressKind
{
    None,
    /// <summary>One line that is drawn again and again.</summary>
    Bar,
    /// <summary>A line every ten seconds.</summary>
    Lines,
    /// <summary>A JSON document on a line every second.</summary>
    Json,
}

/// <summary>How far the work is.</summary>
/// <param name="Total">Bytes; 0 when unknown, as with a pipe.</param>
/// <param name="Done">Bytes behind the work.</param>
/// <param name="Read">Bytes read from the source, or from the store.</param>
/// <param name="Stored">Bytes stored, or written to the target.</param>
/// <param name="Counts">What people read in place of the bytes, where bytes say nothing: <c>3 points</c>.</param>
internal sealed record ProgressState(long Total, long Done, long Read, long Stored, string? Counts = null);

/// <summary>Shows progress beside the work until it is disposed.</summary>
internal sealed class ProgressDisplay : IAsyncDisposable
{
    private const int BarWidth = 24;

    private readonly ProgressKind kind;
    private readonly string doing;
    private readonly Func<ProgressState> state;
    private readonly Io io;
    private readonly long begun;
    private readonly CancellationTokenSource stop = new();
    private readonly Task loop;
    private int drawn;

    public ProgressDisplay(ProgressKind kind, string doing, Func<ProgressState> state, Io io)
    {
        (this.kind, this.doing, this.state, this.io) = (kind, doing, state, io);
        begun = io.Time.GetTimestamp();
        loop = kind == ProgressKind.None ? Task.CompletedTask : Task.Run(LoopAsync);
    }

    public TimeSpan Elapsed => io.Time.GetElapsedTime(begun);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loop;
        stop.Dispose();
        if (drawn > 0) io.Error.Write($"\r{new string(' ', drawn)}\r");
    }

    private async Task LoopAsync()
    {
        using var timer = new PeriodicTimer(kind switch { ProgressKind.Bar => TimeSpan.FromMilliseconds(200), ProgressKind.Json => TimeSpan.FromSeconds(1), _ => TimeSpan.FromSeconds(10) }, io.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token)) Show(state());
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The work is over.
        }
    }

    private void Show(ProgressState now)
    {
        var elapsed = Elapsed;
        var share = now.Total > 0 ? Math.Min(1, (double)now.Done / now.Total) : (double?)null;
        // Early shares say nothing of the whole.
        var left = share is > 0.001 ? elapsed * ((1 - share.Value) / share.Value) : (TimeSpan?)null;
        var speed = elapsed > TimeSpan.Zero ? (long)(now.Done / elapsed.TotalSeconds) : 0;
        if (kind == ProgressKind.Json)
        {
            var document = new ProgressDocument(doing, now.Total, now.Done, now.Read, now.Stored, speed, left?.TotalSeconds, now.Counts);
            io.Error.WriteLine(JsonSerializer.Serialize(document, ReportJson.Default.ProgressDocument));
            return;
        }

        var percent = share is null ? "" : $"{share * 100,3:0}% ";
        var text = now.Counts is { } counts ? $"{doing}: {counts}" : $"{percent}{doing}: {Size.Text(now.Done)}{(now.Total > 0 ? $" of {Size.Text(now.Total)}" : "")}, read {Size.Text(now.Read)}, stored {Size.Text(now.Stored)}, {Size.Text(speed)}/s"
            + (left is { } time ? $", {Size.Duration(time)} left" : "");
        if (kind == ProgressKind.Lines) io.Error.WriteLine(text);
        else Draw(share, text);
    }

    private void Draw(double? share, string text)
    {
        var bar = share is null ? "" : $"[{new string('#', (int)(share * BarWidth)).PadRight(BarWidth)}] ";
        var width = Console.WindowWidth > 20 ? Console.WindowWidth - 1 : 79;
        var line = bar.Length + text.Length <= width ? bar + text : text[..Math.Min(text.Length, width)];
        io.Error.Write($"\r{line.PadRight(drawn)}");
        drawn = line.Length;
    }
}
