using System.Globalization;

namespace HyperBdr.Demo.Protect;

/// <summary>One line per step on the console; the same and all that programs said in the log.</summary>
internal sealed class Steps : IAsyncDisposable
{
    private readonly StreamWriter log;
    private readonly TimeProvider time;
    private readonly TextWriter screen;
    private readonly Lock gate = new();
    private readonly long begin;
    private int number;

    public Steps(string logPath, TextWriter screen, TimeProvider time)
    {
        (this.time, this.screen) = (time, screen);
        log = new StreamWriter(logPath, append: false) { AutoFlush = true };
        begin = time.GetTimestamp();
    }

    /// <summary>Does something and says how it went in one line.</summary>
    /// <param name="act">Returns what the line says beside the title.</param>
    public async Task RunAsync(string title, Func<Task<string>> act)
    {
        var started = time.GetTimestamp();
        Note($"begins: {title}");
        number++;
        try
        {
            var said = await act();
            Line($"{number,2}  {title,-34} {said} ({time.GetElapsedTime(started).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s)");
        }
        catch (Exception e)
        {
            Line($"{number,2}  {title,-34} FAILED: {e.Message}");
            Note(e.ToString());
            throw;
        }
    }

    /// <summary>For the screen and the log.</summary>
    public void Line(string text)
    {
        screen.WriteLine(text);
        Note(text);
    }

    /// <summary>For eyes and no log.</summary>
    public void ScreenOnly(string text) => screen.WriteLine(text);

    /// <summary>For the log alone.</summary>
    public void Note(string text)
    {
        // Programs write from threads of their own.
        lock (gate) log.WriteLine($"{time.GetUtcNow():HH:mm:ss.fff} {time.GetElapsedTime(begin).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture),7} {text}");
    }

    public ValueTask DisposeAsync() => log.DisposeAsync();
}
