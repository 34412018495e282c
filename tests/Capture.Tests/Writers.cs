using HyperBdr.Engine.Blocks;

namespace HyperBdr.Capture.Tests;

/// <summary>Programs that go on writing to a file system in every way: through the cache, past it, and many small files.</summary>
internal sealed class Writers : IDisposable
{
    private const int FileBlocks = 2048;
    private readonly CancellationTokenSource stop = new();
    private readonly List<Thread> threads = [];
    private readonly string folder;
    private Exception? failure;
    private long writes;

    public Writers(string folder, int seed)
    {
        this.folder = folder;
        Prepare("direct");
        Prepare("buffered");
        Start(() => Direct(new Random(seed)));
        Start(() => Buffered(new Random(seed + 1)));
        Start(() => Churn(new Random(seed + 2)));
    }

    /// <summary>Writes so far.</summary>
    public long Count => Interlocked.Read(ref writes);

    /// <summary>Gives free room back to the device.</summary>
    public void Trim() => Machine.Run("fstrim", folder);

    public void Dispose()
    {
        stop.Cancel();
        foreach (var thread in threads) thread.Join();
        stop.Dispose();
        if (failure is not null) throw new InvalidOperationException("a writer failed", failure);
    }

    private void Prepare(string name)
    {
        using var file = File.OpenHandle(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(file, new byte[FileBlocks * Block.Size], 0);
    }

    private void Start(Action step)
    {
        var thread = new Thread(() =>
        {
            try
            {
                while (!stop.IsCancellationRequested)
                {
                    step();
                    Interlocked.Increment(ref writes);
                    // Steady, not as fast as the machine can: others use it too.
                    stop.Token.WaitHandle.WaitOne(2);
                }
            }
            catch (IOException e)
            {
                failure = e;
            }
        });
        threads.Add(thread);
        thread.Start();
    }

    private void Direct(Random random)
    {
        using var file = DirectFile.Open(Path.Combine(folder, "direct"));
        RandomAccess.Write(file, Machine.Content(random.Next(1, 9) * Block.Size, random.Next()).Span, random.NextInt64(FileBlocks - 8) * Block.Size);
    }

    private void Buffered(Random random)
    {
        using var file = File.OpenHandle(Path.Combine(folder, "buffered"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, random.Next(10) == 0 ? FileOptions.WriteThrough : FileOptions.None);
        RandomAccess.Write(file, Machine.Content(random.Next(1, 20_000), random.Next()).Span, random.NextInt64((FileBlocks - 8) * Block.Size));
    }

    private void Churn(Random random)
    {
        var path = Path.Combine(folder, $"small-{random.Next(200)}");
        if (random.Next(3) == 0) File.Delete(path);
        else File.WriteAllBytes(path, Machine.Content(random.Next(1, 9000), random.Next()).ToArray());
    }
}
