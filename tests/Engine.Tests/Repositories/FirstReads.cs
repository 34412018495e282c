using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Stores;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Repositories;

/// <summary>What it takes to read the first block of a point.</summary>
public sealed class FirstReads : IAsyncLifetime
{
    private TestRepository made = null!;
    private PointId point;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        made = await TestRepository.CreateAsync(Ct);
        var image = Path.Combine(made.Root, "disk.img");
        Images.Make(image, 9, 48 * 1024 * 1024);
        await using var repository = await made.OpenAsync(Ct);
        point = await TestRepository.BackUpAsync(repository, image, null, null, Ct);
    }

    public ValueTask DisposeAsync()
    {
        made.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_whole_path_to_a_block_is_one_read_of_the_map_pack_and_the_chunk_another()
    {
        var store = new CountingStore(new FolderStore(made.Folder));
        await using var repository = await made.OpenAsync(store, Ct);
        var disk = await TestRepository.DiskAsync(repository, point, Ct);
        await using var source = (await repository.BeginReadAsync(Ct)).OpenDisk(point, disk);
        var before = store.Calls(StoreCall.Read);

        await source.ReadAsync(20 * 1024 * 1024, new byte[Block.Size], Ct);

        // Each of the two packs tells its salt in a read of its own, beside the other.
        (store.Calls(StoreCall.Read) - before).ShouldBeInRange(2, 4);
    }

    [Fact]
    public async Task A_damaged_node_is_an_error_wherever_it_was_read()
    {
        await using var repository = await made.OpenAsync(Ct);
        var disk = await TestRepository.DiskAsync(repository, point, Ct);
        foreach (var pack in Directory.EnumerateFiles(Path.Combine(made.Folder, "packs"), "*", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(pack, Ct);
            for (var at = 64; at < bytes.Length; at += 500) bytes[at] ^= 1;
            File.SetUnixFileMode(pack, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await File.WriteAllBytesAsync(pack, bytes, Ct);
        }

        await using var source = (await repository.BeginReadAsync(Ct)).OpenDisk(point, disk);
        (await Should.ThrowAsync<EngineException>(async () => await source.ReadAsync(0, new byte[Block.Size], Ct))).Fault.ShouldBe(Fault.Corrupt);
    }
}
