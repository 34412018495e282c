using System.Runtime.CompilerServices;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Repositories;
using HyperBdr.Engine.Restore;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Tests.Maintenance;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Repositories;

/// <summary>Disks that change while a session copies them.</summary>
public sealed class Amendments : IAsyncLifetime
{
    private const long Length = (24 * 1024 * 1024) + 1536;
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
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task A_point_is_the_disk_as_of_the_last_round_of_a_random_history(int seed)
    {
        var random = new Random(seed);
        Images.Make(Image, seed, Length);
        var points = new List<(PointId Id, byte[] Hash)>();
        await using (var repository = await made.OpenAsync(Ct))
        {
            for (var day = 0; day < 4; day++)
            {
                var cache = random.Next(4);
                if (cache == 0 && Directory.Exists(Path.Combine(repository.CacheFolder, "tags"))) Directory.Delete(Path.Combine(repository.CacheFolder, "tags"), recursive: true);
                using var noTags = cache == 1 ? Blocked(repository) : null;
                PointId? parent = day == 0 || random.Next(5) == 0 ? null : points[^1].Id;
                points.Add((await WriteAsync(repository, parent, random), Images.Hash(Image)));
            }
        }

        Directory.Delete(made.Cache, recursive: true);
        await using var again = await made.OpenAsync(Ct);
        foreach (var (id, hash) in points) (await made.RestoreAsync(again, id, new RestoreOptions(), Ct)).ShouldBe(hash);
    }

    [Fact]
    public async Task The_next_session_finds_nothing_to_store_after_an_amended_point()
    {
        Images.Make(Image, 20, Length);
        await using var repository = await made.OpenAsync(Ct);
        var first = await WriteAsync(repository, null, new Random(21));
        var before = made.StoredBytes();

        await TestRepository.BackUpAsync(repository, Image, first, null, Ct);

        (made.StoredBytes() - before).ShouldBeLessThan(4096);
    }

    [Fact]
    public async Task A_block_that_goes_back_to_what_it_was_is_right_again()
    {
        Images.Make(Image, 22, Length);
        var original = await File.ReadAllBytesAsync(Image, Ct);
        await using var repository = await made.OpenAsync(Ct);
        await using var session = await repository.BeginWriteAsync(new WriteRequest("web-1") { Options = TestRepository.SmallPacks }, Ct);
        await AddAsync(session, null);
        var changed = RangeSet.Touching(Images.Change(Image, 23, 30));
        await AmendAsync(session, changed);
        await File.WriteAllBytesAsync(Image, original, Ct);
        await AmendAsync(session, changed);

        var id = await session.CommitAsync(Ct);

        (await made.RestoreAsync(repository, id, new RestoreOptions(), Ct)).ShouldBe(Images.Hash(Image));
    }

    [Fact]
    public async Task The_time_and_the_consistency_are_those_of_the_instant()
    {
        Images.Make(Image, 24, 1024 * 1024);
        await using var repository = await made.OpenAsync(Ct);
        await using var session = await repository.BeginWriteAsync(new WriteRequest("web-1") { Options = TestRepository.SmallPacks }, Ct);
        var begun = await repository.Store.ClockAsync(Ct);
        await AddAsync(session, null);
        session.MarkInstant(Consistency.FileSystem);

        var id = await session.CommitAsync(Ct);

        var point = (await repository.ListPointsAsync(Ct)).Single(p => p.Id == id).Point!;
        point.Consistency.ShouldBe(Consistency.FileSystem);
        point.TakenAt.ShouldBeInRange(begun.AddSeconds(-2), await repository.Store.ClockAsync(Ct));
    }

    [Fact]
    public async Task A_disk_that_is_not_there_or_was_resized_is_refused()
    {
        Images.Make(Image, 25, 1024 * 1024);
        await using var repository = await made.OpenAsync(Ct);
        await using var session = await repository.BeginWriteAsync(new WriteRequest("web-1"), Ct);
        await AddAsync(session, null);
        await using var source = FileSource.Open(Image);
        (await Should.ThrowAsync<EngineException>(() => session.AmendDiskAsync("sdb", source, null, Ct))).Fault.ShouldBe(Fault.InvalidArgument);
        using (var file = File.Open(Image, FileMode.Open)) file.SetLength(2 * 1024 * 1024);
        await using var grown = FileSource.Open(Image);

        (await Should.ThrowAsync<EngineException>(() => session.AmendDiskAsync("sda", grown, null, Ct))).Fault.ShouldBe(Fault.SourceGrew);
    }

    [Fact]
    public async Task Cut_at_any_store_call_there_is_either_the_whole_point_or_none()
    {
        Images.Make(Image, 26, 6 * 1024 * 1024);
        PointId parent;
        var (first, original) = (Images.Hash(Image), await File.ReadAllBytesAsync(Image, Ct));
        await using (var repository = await made.OpenAsync(Ct)) parent = await TestRepository.BackUpAsync(repository, Image, null, null, Ct);
        var ended = false;
        for (var call = 1; !ended; call++)
        {
            await File.WriteAllBytesAsync(Image, original, Ct);
            var cut = new CutStore(new FolderStore(made.Folder), call, afterEffect: call % 2 == 0);
            ended = await TryWriteAsync(cut, parent, call);
            await using var healed = await made.OpenAsync(Ct);
            (await made.RestoreAsync(healed, parent, new RestoreOptions(), Ct)).ShouldBe(first);
            var others = (await healed.ListPointsAsync(Ct)).Where(p => p.Id != parent).ToList();
            foreach (var other in others) (await made.RestoreAsync(healed, other.Id, new RestoreOptions(), Ct)).ShouldBe(Images.Hash(Image));
            foreach (var other in others) await healed.Store.DeleteAsync(new BlobName(other.Name), Ct);
        }
    }

    private async Task<bool> TryWriteAsync(CutStore store, PointId parent, int seed)
    {
        try
        {
            await using var repository = await made.OpenAsync(store, Ct);
            await WriteAsync(repository, parent, new Random(seed));
            return true;
        }
        catch (EngineException e) when (e.Fault == Fault.StoreFailed)
        {
            return false;
        }
    }

    /// <summary>Writes a point of the image, which changes between the rounds; the image is as of the last round at the end.</summary>
    private async Task<PointId> WriteAsync(Repository repository, PointId? parent, Random random)
    {
        await using var session = await repository.BeginWriteAsync(new WriteRequest("web-1") { Parent = parent, Options = TestRepository.SmallPacks }, Ct);
        var since = RangeSet.Touching(parent is null ? [] : Images.Change(Image, random.Next(), random.Next(1, 40)));
        await AddAsync(session, parent is not null && random.Next(2) == 0 ? since : null);
        for (var round = random.Next(1, 6); round > 0; round--)
        {
            var changed = RangeSet.Touching(Images.Change(Image, random.Next(), random.Next(1, 60)));
            await AmendAsync(session, random.Next(5) == 0 ? null : changed);
        }

        session.MarkInstant(Consistency.Crash);
        return await session.CommitAsync(Ct);
    }

    private async Task AddAsync(WriteSession session, RangeSet? changed)
    {
        await using var source = FileSource.Open(Image);
        await session.AddDiskAsync("sda", source, changed, Ct);
    }

    private async Task AmendAsync(WriteSession session, RangeSet? changed)
    {
        await using var source = FileSource.Open(Image);
        await session.AmendDiskAsync("sda", changed is null ? source : new OnlyThese(source, changed), changed, Ct);
    }

    /// <summary>Puts a file where the folder of tags would be, so that there can be none.</summary>
    private static Undo Blocked(Repository repository)
    {
        var tags = Path.Combine(repository.CacheFolder, "tags");
        if (Directory.Exists(tags)) Directory.Delete(tags, recursive: true);
        Directory.CreateDirectory(repository.CacheFolder);
        File.WriteAllText(tags, "");
        return new Undo(() => File.Delete(tags));
    }

    private sealed class Undo(Action action) : IDisposable
    {
        public void Dispose() => action();
    }

    /// <summary>A source that has only some of its disk.</summary>
    private sealed class OnlyThese(IBlockSource inner, RangeSet has) : IBlockSource
    {
        public string Name => inner.Name;

        public long? Length => inner.Length;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> into, CancellationToken ct)
        {
            for (var at = offset; at < offset + into.Length; at += Block.Size) has.Contains(at).ShouldBeTrue();
            return inner.ReadAsync(offset, into, ct);
        }

        public async IAsyncEnumerable<Extent> ExtentsAsync(ByteRange range, [EnumeratorCancellation] CancellationToken ct)
        {
            await foreach (var extent in inner.ExtentsAsync(range, ct)) yield return extent;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
