namespace HyperBdr.SurvivalTests.Site;

/// <summary>The application on the protected disk: it never stops writing, overwrites and deletes, and asks for durability now and then.</summary>
internal sealed class Writer : IAsyncDisposable
{
    private const int Files = 24;
    private readonly CancellationTokenSource stopping = new();
    private readonly Random random;
    private readonly string folder;
    private readonly Task writing;

    public Writer(string folder, int seed)
    {
        (this.folder, random) = (folder, new Random(seed));
        writing = Task.Run(() => WriteAsync(stopping.Token));
    }

    /// <summary>Holds it for a measurement: what it writes during a sync is sent too.</summary>
    public bool Paused { get; set; }

    /// <summary>Rewrites so many bytes at once, for a sync that has something to carry.</summary>
    public void Burst(long bytes, int seed)
    {
        var content = new byte[1 << 20];
        var source = new Random(seed);
        using var file = File.OpenHandle(Path.Combine(folder, "bulk"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, FileOptions.WriteThrough);
        for (var at = 0L; at < bytes; at += content.Length)
        {
            source.NextBytes(content);
            RandomAccess.Write(file, content, at);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await writing;
        stopping.Dispose();
    }

    private async Task WriteAsync(CancellationToken ct)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var content = new byte[96 << 10];
        try
        {
            while (await pace.WaitForNextTickAsync(ct))
            {
                if (Paused) continue;
                var path = Path.Combine(folder, $"orders-{random.Next(Files):00}");
                if (random.Next(20) == 0) File.Delete(path);
                random.NextBytes(content);
                var durable = random.Next(3) == 0 ? FileOptions.WriteThrough : FileOptions.None;
                using var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, durable);
                RandomAccess.Write(file, content.AsSpan(0, random.Next(512, content.Length)), random.Next(256 << 10));
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }
}
