using System.Security.Cryptography;
using HyperBdr.Engine.Blocks;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Blocks;

public sealed class ImageFiles : IDisposable
{
    private readonly Scratch _scratch = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Every_byte_that_is_not_zero_lies_in_a_data_extent()
    {
        const long length = (64 << 20) + 777;
        var path = _scratch.Sparse("image", length);
        var random = new Random(4711);
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
        {
            for (var i = 0; i < 200; i++)
            {
                var piece = new byte[random.Next(1, 30_000)];
                Array.Fill(piece, (byte)(1 + (i % 255)));
                RandomAccess.Write(file, piece, random.NextInt64(length - piece.Length));
            }

            RandomAccess.Write(file, [9], length - 1);
        }

        await using var source = FileSource.Open(path);
        var whole = await source.ReadAll(Ct);
        var written = await File.ReadAllBytesAsync(path, Ct);
        whole.AsSpan().SequenceEqual(written).ShouldBeTrue();

        var extents = await source.AllExtents(new ByteRange(0, long.MaxValue), Ct);
        extents.ShouldContain(e => e.IsData);
        foreach (var hole in extents.Where(e => !e.IsData))
        {
            (hole.Offset % Block.Size).ShouldBe(0);
            whole.AsSpan((int)hole.Offset, (int)hole.Length).ContainsAnyExcept((byte)0).ShouldBeFalse();
        }

        extents.Where(e => !e.IsData).Sum(e => e.Length).ShouldBeGreaterThan(length / 2);
        extents.Zip(extents.Skip(1)).ShouldAllBe(pair => pair.First.IsData != pair.Second.IsData);
    }

    [Fact]
    public async Task Extents_of_any_part_agree_with_those_of_the_whole()
    {
        var path = _scratch.Sparse("image", 1 << 20);
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
        {
            for (var block = 0; block < 256; block += 7) RandomAccess.Write(file, [1], block * Block.Size);
        }

        await using var source = FileSource.Open(path);
        for (var first = 0; first < 256; first += 5)
        {
            for (var count = 1; first + count <= 256; count += 11)
            {
                var extents = await source.AllExtents(new ByteRange(first * Block.Size, count * Block.Size), Ct);
                for (var block = first; block < first + count; block++)
                {
                    extents.Single(e => e.Offset <= block * Block.Size && e.End > block * Block.Size).IsData.ShouldBe(block % 7 == 0);
                }
            }
        }
    }

    [Theory]
    [InlineData(100_000, Fault.SourceShrank)]
    [InlineData(300_000, Fault.SourceGrew)]
    public async Task A_file_that_changes_its_length_is_noticed_at_the_end(long now, Fault fault)
    {
        var path = _scratch.Sparse("image", 200_000);
        await using var source = FileSource.Open(path);
        await source.VerifyLengthAsync(Ct);
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write)) RandomAccess.SetLength(file, now);

        (await Should.ThrowAsync<EngineException>(async () => await source.VerifyLengthAsync(Ct))).Fault.ShouldBe(fault);
        source.Length.ShouldBe(200_000);
    }

    [Fact]
    public async Task A_file_that_shrinks_while_it_is_read_is_neither_short_nor_a_hole()
    {
        var path = _scratch.Sparse("image", 200_000);
        await using var source = FileSource.Open(path);
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write)) RandomAccess.SetLength(file, 50_000);

        var read = await Should.ThrowAsync<EngineException>(async () => await source.ReadAsync(0, new byte[204_800], Ct));
        read.Fault.ShouldBe(Fault.SourceShrank);
        var map = await Should.ThrowAsync<EngineException>(async () => await source.AllExtents(new ByteRange(0, 200_000), Ct));
        map.Fault.ShouldBe(Fault.SourceShrank);
    }

    [Fact]
    public void What_is_not_there_is_not_found()
    {
        Should.Throw<EngineException>(() => FileSource.Open(_scratch.PathOf("none"))).Fault.ShouldBe(Fault.NotFound);
        Should.Throw<EngineException>(() => SourceUri.Open(_scratch.PathOf("none"))).Fault.ShouldBe(Fault.NotFound);
        Should.Throw<EngineException>(() => SourceUri.Open(_scratch.Folder)).Fault.ShouldBe(Fault.InvalidArgument);
        Should.Throw<EngineException>(() => SourceUri.Open("nbd://localhost/disk")).Fault.ShouldBe(Fault.InvalidArgument);
        Should.Throw<EngineException>(() => TargetUri.Open("/dev/no-such-disk", ExistingFile.Keep)).Fault.ShouldBe(Fault.NotFound);
        File.Exists("/dev/no-such-disk").ShouldBeFalse();
    }

    [Fact]
    public async Task A_new_target_is_private_sparse_and_known_to_be_zero()
    {
        var path = _scratch.PathOf("target");
        var content = RandomNumberGenerator.GetBytes(1 << 20);
        await using (var target = FileTarget.Open(path, ExistingFile.Keep))
        {
            (await target.PrepareAsync(100 << 20, Ct)).ShouldBeTrue();
            await target.WriteAsync(50 << 20, content, Ct);
            await target.FlushAsync(Ct);
            (await target.ReadAll(Ct)).AsSpan(50 << 20, 1 << 20).SequenceEqual(content).ShouldBeTrue();
            (await target.AllExtents(new ByteRange(0, 100 << 20), Ct)).Where(e => e.IsData).Sum(e => e.Length).ShouldBeLessThan(2 << 20);
        }

        File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        new FileInfo(path).Length.ShouldBe(100 << 20);
    }

    [Fact]
    public async Task A_target_that_exists_keeps_its_content_unless_it_is_emptied()
    {
        var path = _scratch.PathOf("target");
        await File.WriteAllBytesAsync(path, [.. Enumerable.Repeat((byte)7, 10_000)], Ct);
        await using (var keep = FileTarget.Open(path, ExistingFile.Keep))
        {
            (await keep.PrepareAsync(20_000, Ct)).ShouldBeFalse();
            (await keep.ReadAll(Ct))[9_999].ShouldBe((byte)7);
        }

        await using var empty = FileTarget.Open(path, ExistingFile.Empty);
        (await empty.PrepareAsync(20_000, Ct)).ShouldBeTrue();
        (await empty.ReadAll(Ct)).AsSpan().ContainsAnyExcept((byte)0).ShouldBeFalse();
    }

    [Fact]
    public async Task Zeroing_a_range_zeroes_exactly_that_range_and_gives_its_room_back()
    {
        var path = _scratch.PathOf("target");
        await File.WriteAllBytesAsync(path, [.. Enumerable.Repeat((byte)7, 1 << 20)], Ct);
        await using var target = FileTarget.Open(path, ExistingFile.Keep);
        await target.PrepareAsync(1 << 20, Ct);

        await target.ZeroAsync(new ByteRange(4_000, 500_000), Ct);

        var content = await target.ReadAll(Ct);
        content.AsSpan(0, 4_000).ContainsAnyExcept((byte)7).ShouldBeFalse();
        content.AsSpan(4_000, 500_000).ContainsAnyExcept((byte)0).ShouldBeFalse();
        content.AsSpan(504_000).ContainsAnyExcept((byte)7).ShouldBeFalse();
        (await target.AllExtents(new ByteRange(0, 1 << 20), Ct)).ShouldContain(e => !e.IsData);
    }

    [Fact]
    public async Task A_second_writer_and_bytes_beyond_the_end_are_refused()
    {
        var path = _scratch.PathOf("target");
        await using var target = FileTarget.Open(path, ExistingFile.Keep);
        await target.PrepareAsync(8_192, Ct);
        Should.Throw<EngineException>(() => FileTarget.Open(path, ExistingFile.Keep)).Fault.ShouldBe(Fault.Busy);
        (await Should.ThrowAsync<EngineException>(async () => await target.WriteAsync(8_000, new byte[193], Ct))).Fault.ShouldBe(Fault.InvalidArgument);
        (await Should.ThrowAsync<EngineException>(async () => await target.ZeroAsync(new ByteRange(8_192, 1), Ct))).Fault.ShouldBe(Fault.InvalidArgument);
        new FileInfo(path).Length.ShouldBe(8_192);
    }
}
