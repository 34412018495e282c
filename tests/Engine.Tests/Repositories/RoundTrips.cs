using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Restore;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Repositories;

public sealed class RoundTrips : IAsyncLifetime
{
    private TestRepository made = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Image => Path.Combine(made.Root, "disk.img");

    public async ValueTask InitializeAsync() => made = await TestRepository.CreateAsync(Ct);

    public ValueTask DisposeAsync()
    {
        made.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 4096)]
    [InlineData(4, 5000)]
    [InlineData(5, 8 * 1024 * 1024)]
    [InlineData(6, (48 * 1024 * 1024) + 777)]
    public async Task A_disk_comes_back_byte_for_byte(int seed, long length)
    {
        Images.Make(Image, seed, length);
        await using var repository = await made.OpenAsync(Ct);

        var id = await TestRepository.BackUpAsync(repository, Image, null, null, Ct);

        (await made.RestoreAsync(repository, id, new RestoreOptions(), Ct)).ShouldBe(Images.Hash(Image));
    }

    [Fact]
    public async Task Every_point_of_a_history_comes_back_with_and_without_a_change_map()
    {
        Images.Make(Image, 7, 40 * 1024 * 1024);
        var hashes = new List<(HyperBdr.Engine.Points.PointId Id, byte[] Hash)>();
        await using (var repository = await made.OpenAsync(Ct))
        {
            hashes.Add((await TestRepository.BackUpAsync(repository, Image, null, null, Ct), Images.Hash(Image)));
            for (var day = 0; day < 8; day++)
            {
                var changed = Images.Change(Image, 100 + day, 40);
                var map = day % 2 == 0 ? RangeSet.Touching(changed) : null;
                hashes.Add((await TestRepository.BackUpAsync(repository, Image, hashes[^1].Id, map, Ct), Images.Hash(Image)));
            }
        }

        Directory.Delete(made.Cache, recursive: true);
        await using var again = await made.OpenAsync(Ct);
        foreach (var (id, hash) in hashes) (await made.RestoreAsync(again, id, new RestoreOptions(), Ct)).ShouldBe(hash);
    }

    [Fact]
    public async Task A_disk_that_did_not_change_stores_no_chunk()
    {
        Images.Make(Image, 8, 20 * 1024 * 1024);
        await using var repository = await made.OpenAsync(Ct);
        var first = await TestRepository.BackUpAsync(repository, Image, null, null, Ct);
        var before = made.StoredBytes();

        var second = await TestRepository.BackUpAsync(repository, Image, first, null, Ct);

        (made.StoredBytes() - before).ShouldBeLessThan(4096);
        (await made.RestoreAsync(repository, second, new RestoreOptions(), Ct)).ShouldBe(Images.Hash(Image));
    }

    [Fact]
    public async Task A_small_random_write_costs_its_own_blocks()
    {
        Images.Make(Image, 9, 32 * 1024 * 1024);
        await using var repository = await made.OpenAsync(Ct);
        var first = await TestRepository.BackUpAsync(repository, Image, null, null, Ct);
        var before = made.StoredBytes();
        var changed = Images.Change(Image, 10, 50, mostBlocks: 1);

        await TestRepository.BackUpAsync(repository, Image, first, null, Ct);

        // Up to 50 blocks of 4 KiB, the leaves of the map that they lie in, and the small objects.
        (made.StoredBytes() - before).ShouldBeLessThan((changed.Count * 4096L) + (4 * 80 * 1024) + (16 * 1024));
    }

    [Fact]
    public async Task A_disk_that_grew_or_shrank_comes_back_at_its_new_length()
    {
        Images.Make(Image, 11, 20 * 1024 * 1024);
        await using var repository = await made.OpenAsync(Ct);
        var first = await TestRepository.BackUpAsync(repository, Image, null, null, Ct);

        foreach (var length in new[] { (30L * 1024 * 1024) + 123, 9L * 1024 * 1024, 0 })
        {
            using (var file = File.Open(Image, FileMode.Open)) file.SetLength(length);
            var id = await TestRepository.BackUpAsync(repository, Image, first, null, Ct);
            (await made.RestoreAsync(repository, id, new RestoreOptions(), Ct)).ShouldBe(Images.Hash(Image));
        }
    }

    [Fact]
    public async Task Only_different_blocks_are_written_over_a_disk_that_is_there()
    {
        Images.Make(Image, 12, 16 * 1024 * 1024);
        await using var repository = await made.OpenAsync(Ct);
        var id = await TestRepository.BackUpAsync(repository, Image, null, null, Ct);
        var hash = Images.Hash(Image);
        Images.Change(Image, 13, 20, mostBlocks: 1);

        var session = await repository.BeginReadAsync(Ct);
        await using (var target = FileTarget.Open(Image, ExistingFile.Keep))
        {
            var restore = session.Restore(await TestRepository.DiskAsync(repository, id, Ct), target, new RestoreOptions { OnlyDifferent = true });
            await restore.RunAsync(Ct);
            restore.Progress.Written.ShouldBeInRange(1, 20 * 4096);
        }

        Images.Hash(Image).ShouldBe(hash);
    }

    [Fact]
    public async Task A_range_is_restored_and_the_rest_left_alone()
    {
        Images.Make(Image, 14, 12 * 1024 * 1024);
        await using var repository = await made.OpenAsync(Ct);
        var id = await TestRepository.BackUpAsync(repository, Image, null, null, Ct);
        var wanted = await File.ReadAllBytesAsync(Image, Ct);
        var path = Path.Combine(made.Root, "part");
        await File.WriteAllBytesAsync(path, Enumerable.Repeat((byte)7, wanted.Length).ToArray(), Ct);

        await TestRepository.RestoreToAsync(repository, id, path, new RestoreOptions { Range = new ByteRange(5 * 1024 * 1024, 3 * 1024 * 1024), OnlyDifferent = true }, Ct);

        var got = await File.ReadAllBytesAsync(path, Ct);
        got.AsSpan(5 * 1024 * 1024, 3 * 1024 * 1024).SequenceEqual(wanted.AsSpan(5 * 1024 * 1024, 3 * 1024 * 1024)).ShouldBeTrue();
        got.AsSpan(0, 5 * 1024 * 1024).IndexOfAnyExcept((byte)7).ShouldBe(-1);
        got.AsSpan(8 * 1024 * 1024).IndexOfAnyExcept((byte)7).ShouldBe(-1);
    }

    [Fact]
    public async Task Without_the_local_cache_a_small_write_still_costs_its_own_blocks()
    {
        Images.Make(Image, 15, 32 * 1024 * 1024);
        List<ByteRange> changed;
        long before;
        HyperBdr.Engine.Points.PointId id;
        await using (var repository = await made.OpenAsync(Ct))
        {
            var first = await TestRepository.BackUpAsync(repository, Image, null, null, Ct);
            Images.Change(Image, 16, 30, mostBlocks: 1);
            var second = await TestRepository.BackUpAsync(repository, Image, first, null, Ct);
            Directory.Delete(Path.Combine(repository.CacheFolder, "tags"), recursive: true);
            before = made.StoredBytes();
            changed = Images.Change(Image, 17, 30, mostBlocks: 1);
            id = await TestRepository.BackUpAsync(repository, Image, second, null, Ct);
        }

        (made.StoredBytes() - before).ShouldBeLessThan((changed.Count * 4096L) + (4 * 80 * 1024) + (16 * 1024));
        await using var again = await made.OpenAsync(Ct);
        (await made.RestoreAsync(again, id, new RestoreOptions(), Ct)).ShouldBe(Images.Hash(Image));
    }

    [Fact]
    public async Task What_a_repair_could_not_save_is_stored_anew_although_the_disk_did_not_change()
    {
        Images.Make(Image, 18, 12 * 1024 * 1024);
        await using var repository = await made.OpenAsync(Ct);
        var first = await TestRepository.BackUpAsync(repository, Image, null, null, Ct);
        var pack = Directory.GetFiles(Path.Combine(made.Folder, "packs"), "*", SearchOption.AllDirectories).MaxBy(f => new FileInfo(f).Length)!;
        using (var file = File.Open(pack, FileMode.Open))
        {
            file.Position = file.Length / 2;
            file.Write(new byte[64]);
        }

        (await HyperBdr.Engine.Maintenance.Repairer.RunAsync(repository, new HyperBdr.Engine.Maintenance.VerifyProgress(), Ct)).LostBlobs.ShouldBeGreaterThan(0);
        var second = await TestRepository.BackUpAsync(repository, Image, first, null, Ct);

        (await made.RestoreAsync(repository, second, new RestoreOptions(), Ct)).ShouldBe(Images.Hash(Image));
    }
}
