using System.Diagnostics;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Stores;
using HyperBdr.Platforms.Exports;
using HyperBdr.Platforms.Kvm;
using HyperBdr.Platforms.Model;

namespace HyperBdr.Bench;

/// <summary>From the request for a drill to a running QEMU: repository opened, disk exported with an overlay, isolated network, machine. The peer in the same run: the same machine on a local raw file.</summary>
internal static class DrillStart
{
    private const long Gibibyte = 1L << 30;
    private const int Rounds = 5;

    public static async Task PrintAsync()
    {
        var folder = Directory.CreateTempSubdirectory("hbb-").FullName;
        try
        {
            using var key = RawKey.Create();
            await using (var store = new FolderStore(Path.Combine(folder, "repository"))) await Repository.InitAsync(store, Guid.CreateVersion7(), [(key, "bench")], ChunkingConstants.Default, CancellationToken.None);
            foreach (var gibibytes in (int[])[1, 10, 100])
            {
                await BackUpAsync(folder, key, gibibytes);
                var (point, local) = (new List<double>(), new List<double>());
                for (var i = 0; i < Rounds; i++)
                {
                    point.Add(await MeasureAsync(folder, gibibytes, $"{gibibytes}-{i}", () => OpenPointAsync(folder, key, gibibytes)));
                    local.Add(await MeasureAsync(folder, gibibytes, $"{gibibytes}-{i}-raw", () => Task.FromResult<(IBlockSource, IAsyncDisposable?)>((FileSource.Open(Image(folder, gibibytes)), null))));
                }

                Console.WriteLine($"drill request to QEMU start, {gibibytes} GiB: median {Median(point):0.00} s, most {point.Max():0.00} s; from a local raw file: median {Median(local):0.00} s");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Image(string folder, int gibibytes) => Path.Combine(folder, $"{gibibytes}.raw");

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static Task<Repository> OpenAsync(string folder, RawKey key) =>
        Repository.OpenAsync(new FolderStore(Path.Combine(folder, "repository")), key, Path.Combine(folder, "cache"), TimeProvider.System, CancellationToken.None);

    /// <summary>Sparse, with a little data all over it.</summary>
    private static async Task BackUpAsync(string folder, RawKey key, int gibibytes)
    {
        await using (var file = File.Create(Image(folder, gibibytes)))
        {
            file.SetLength(gibibytes * Gibibyte);
            var piece = new byte[1 << 20];
            for (var i = 0; i < 64; i++)
            {
                Random.Shared.NextBytes(piece);
                file.Position = file.Length / 64 * i;
                await file.WriteAsync(piece);
            }
        }

        await using var repository = await OpenAsync(folder, key);
        await using var source = FileSource.Open(Image(folder, gibibytes));
        await using var session = await repository.BeginWriteAsync(new WriteRequest($"host-{gibibytes}"), CancellationToken.None);
        await session.AddDiskAsync("disk", source, null, CancellationToken.None);
        await session.CommitAsync(CancellationToken.None);
    }

    private static async Task<(IBlockSource, IAsyncDisposable?)> OpenPointAsync(string folder, RawKey key, int gibibytes)
    {
        var repository = await OpenAsync(folder, key);
        var entry = (await repository.ListPointsAsync(CancellationToken.None)).Single(p => p.Point!.Host == $"host-{gibibytes}");
        return ((await repository.BeginReadAsync(CancellationToken.None)).OpenDisk(entry.Id, entry.Point!.Disks[0]), repository);
    }

    private static async Task<double> MeasureAsync(string folder, int gibibytes, string name, Func<Task<(IBlockSource Source, IAsyncDisposable? Owner)>> open)
    {
        var tags = new ResourceTags(Guid.CreateVersion7(), Guid.CreateVersion7());
        await using var platform = await KvmPlatform.OpenAsync(new KvmSettings(Path.Combine(folder, "d")) { Accelerator = "tcg" }, TimeProvider.System, CancellationToken.None);
        var begin = Stopwatch.GetTimestamp();
        var (source, owner) = await open();
        await using var exports = await DiskExports.OpenAsync(Path.Combine(folder, "disks.sock"), [new("disk", source, name, Path.Combine(folder, name + ".overlay"))], TimeProvider.System);
        var network = await platform.CreateNetworkAsync(new(Guid.CreateVersion7(), tags, NetworkKind.Isolated, Gateway: "10.77.0.1/24"), CancellationToken.None);
        var disk = await platform.CreateDiskAsync(new(Guid.CreateVersion7(), tags, exports.UriOf("disk"), gibibytes * Gibibyte), CancellationToken.None);
        var machine = await platform.BootAsync(new(Guid.CreateVersion7(), tags, "bench", 1, 128, Firmware.Bios, [new(disk.Id)], [new(network.Id, "52:54:00:00:00:02")]), CancellationToken.None);
        var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        foreach (var resource in (Resource[])[machine, disk, network]) await platform.DeleteAsync(resource.Kind, resource.Id, CancellationToken.None);
        await exports.DisposeAsync();
        if (owner is not null) await owner.DisposeAsync();
        return seconds;
    }
}
