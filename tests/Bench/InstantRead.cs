using System.Diagnostics;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Nbd;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using HyperBdr.S3Testing;

namespace HyperBdr.Bench;

/// <summary>Reading a recovery point over NBD out of an S3 store on loopback: the first block, cached blocks, front to end over a slow store.</summary>
internal sealed class InstantRead : IAsyncDisposable
{
    private const long Gibibyte = 1L << 30;
    private const int DataBytes = 384 << 20;
    private const string Dense = "dense";
    private static readonly TimeSpan SlowStore = TimeSpan.FromMilliseconds(20);
    private readonly string folder = Directory.CreateTempSubdirectory("hyperbdr-bench-").FullName;
    private readonly RawKey key = RawKey.Create();

    public static async Task PrintAsync()
    {
        await using var bench = new InstantRead();
        await bench.RunAsync(CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        key.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task RunAsync(CancellationToken ct)
    {
        await using (var server = await S3Server.StartAsync(Path.Combine(folder, "objects"), new S3ServerOptions()))
        {
            var options = OptionsOf(server);
            await using (var store = new S3Store(options, null)) await Repository.InitAsync(store, Guid.CreateVersion7(), [(key, "bench")], ChunkingConstants.Default, ct);
            await PrintRoundTripAsync(options, ct);
            foreach (var gibibytes in (int[])[4, 64, 1024])
            {
                await BackUpAsync(options, $"host-{gibibytes}", gibibytes * Gibibyte, ct);
                await PrintFirstAsync(options, gibibytes, ct);
            }

            await PrintCachedAsync(options, ct);
            await BackUpAsync(options, Dense, DataBytes, ct);
        }

        await using var slow = await S3Server.StartAsync(Path.Combine(folder, "objects"), new S3ServerOptions { Delay = SlowStore });
        await PrintSequentialAsync(OptionsOf(slow), ct);
    }

    private static S3Options OptionsOf(S3Server server) => new()
    {
        Endpoint = server.Endpoint, Region = server.Options.Region, Bucket = server.Options.Bucket, AccessKey = server.Options.AccessKey, SecretKey = server.Options.SecretKey,
    };

    // Data evenly over the disk, 1 MiB at a time; half of it compresses.
    private async Task BackUpAsync(S3Options options, string host, long length, CancellationToken ct)
    {
        var image = Path.Combine(folder, "disk.img");
        await using (var file = File.Create(image))
        {
            file.SetLength(length);
            var random = new Random((int)(length >> 20));
            var piece = new byte[1 << 20];
            for (var i = 0; i < DataBytes >> 20; i++)
            {
                random.NextBytes(piece.AsSpan(0, piece.Length / 2));
                file.Position = file.Length / (DataBytes >> 20) * i / Block.Size * Block.Size;
                await file.WriteAsync(piece, ct);
            }
        }

        await using var repository = await OpenAsync(options, ct);
        await using var source = FileSource.Open(image);
        await using var session = await repository.BeginWriteAsync(new WriteRequest(host), ct);
        await session.AddDiskAsync("disk", source, null, ct);
        await session.CommitAsync(ct);
        File.Delete(image);
    }

    private Task<Repository> OpenAsync(S3Options options, CancellationToken ct) => Repository.OpenAsync(new S3Store(options, null), key, Path.Combine(folder, "cache"), TimeProvider.System, ct);

    private static async Task PrintRoundTripAsync(S3Options options, CancellationToken ct)
    {
        await using var store = new S3Store(options, null);
        var name = new BlobName(RepositoryConfig.Name);
        var times = new List<double>();
        for (var i = -20; i < 200; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            await store.ReadAsync(name, 0, new byte[64], ct);
            if (i >= 0) times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        Console.WriteLine($"one request to the store: p50 {At(times, 0.5):0.00} ms");
    }

    private async Task PrintFirstAsync(S3Options options, int gibibytes, CancellationToken ct)
    {
        var times = new List<double>();
        for (var i = -25; i < 40; i++)
        {
            await using var repository = await OpenAsync(options, ct);
            var entry = (await repository.ListPointsAsync(ct)).Single(p => p.Point!.Host == $"host-{gibibytes}");
            var session = await repository.BeginReadAsync(ct);
            var offset = (gibibytes * Gibibyte) / (DataBytes >> 20) * Math.Abs(i * 7 % (DataBytes >> 20)) / Block.Size * Block.Size;
            var begin = Stopwatch.GetTimestamp();
            await using var export = new Export(session, entry, folder);
            await using var client = await export.ConnectAsync(ct);
            var block = new byte[Block.Size];
            await client.ReadAsync(offset, block, ct);
            if (block.AsSpan().IndexOfAnyExcept((byte)0) < 0) throw new InvalidOperationException("read a hole");
            if (i >= 0) times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        Console.WriteLine($"first 4 KiB of a point of {gibibytes} GiB, export and connection included: p50 {At(times, 0.5):0.00} ms, p90 {At(times, 0.9):0.00} ms");
    }

    private async Task PrintCachedAsync(S3Options options, CancellationToken ct)
    {
        await using var repository = await OpenAsync(options, ct);
        var entry = (await repository.ListPointsAsync(ct))[0];
        await using var export = new Export(await repository.BeginReadAsync(ct), entry, folder);
        await using var client = await export.ConnectAsync(ct);
        var block = new byte[Block.Size];
        var times = new List<double>();
        for (var i = -2000; i < 20_000; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            await client.ReadAsync(i * 11 % 128 * Block.Size is var at && at < 0 ? -at : at, block, ct);
            if (i >= 0) times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        Console.WriteLine($"4 KiB from the cache over a Unix socket: p50 {At(times, 0.5):0.000} ms, p99 {At(times, 0.99):0.000} ms");
    }

    private async Task PrintSequentialAsync(S3Options options, CancellationToken ct)
    {
        await using var repository = await OpenAsync(options, ct);
        var entry = (await repository.ListPointsAsync(ct)).Single(p => p.Point!.Host == Dense);
        await using var export = new Export(await repository.BeginReadAsync(ct), entry, folder);
        var begin = Stopwatch.GetTimestamp();
        using var copy = Process.Start("nbdcopy", ["--request-size=1048576", "--requests=8", $"nbd+unix:///disk?socket={export.Socket}", "null:"]);
        await copy.WaitForExitAsync(ct);
        if (copy.ExitCode != 0) throw new InvalidOperationException($"nbdcopy ended with {copy.ExitCode}");
        var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        Console.WriteLine($"front to end with {SlowStore.TotalMilliseconds:0} ms of delay for each request to the store: {DataBytes / 1e6 / seconds:0} MB/s of data");
    }

    private static double At(List<double> values, double percent) => values.Order().ElementAt((int)((values.Count - 1) * percent));

    private sealed class Export : IAsyncDisposable
    {
        private readonly CachedSource cached;
        private readonly NbdServer server;

        public Export(ReadSession session, PointEntry entry, string folder)
        {
            Socket = Path.Combine(folder, $"{Guid.CreateVersion7():n}"[20..] + ".sock");
            cached = new CachedSource(session.OpenDisk(entry.Id, entry.Point!.Disks[0]));
            server = new NbdServer([new NbdExport("disk", cached)]);
            server.ListenUnix(Socket);
        }

        public string Socket { get; }

        public Task<NbdClient> ConnectAsync(CancellationToken ct) => NbdClient.ConnectAsync(NbdUri.Parse($"nbd+unix:///disk?socket={Socket}"), ct: ct);

        public async ValueTask DisposeAsync()
        {
            await server.DisposeAsync();
            await cached.DisposeAsync();
        }
    }
}
