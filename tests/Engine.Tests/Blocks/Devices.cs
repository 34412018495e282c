using System.Security.Cryptography;
using HyperBdr.Engine.Blocks;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Blocks;

/// <summary>On real loop devices.</summary>
public sealed class Devices : IDisposable
{
    private const int Size = (8 << 20) + 1536;
    private readonly Scratch _scratch = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task A_device_is_read_whole_into_aligned_and_other_memory_up_to_its_last_sector()
    {
        var (image, content) = RandomImage();
        await using var source = (DeviceSource)SourceUri.Open(_scratch.Loop(image));
        source.Length.ShouldBe(Size);
        foreach (var skew in (int[])[0, 1, 512])
        {
            var into = AlignedMemory.Allocate((12 << 20) + skew)[skew..];
            (await source.ReadAsync(0, into, Ct)).ShouldBe(Size);
            into.Span[..Size].SequenceEqual(content).ShouldBeTrue();
        }

        (await source.ReadAsync(8 << 20, new byte[4096], Ct)).ShouldBe(1536);
        (await source.AllExtents(new ByteRange(4096, 1 << 30), Ct)).ShouldBe([new Extent(4096, Size - 4096, IsData: true)]);
        await source.VerifyLengthAsync(Ct);
    }

    [Fact]
    public async Task A_bad_place_is_named_to_the_block_and_everything_before_it_is_delivered()
    {
        const int bad = (3 << 20) + (5 * 4096);
        var (image, content) = RandomImage();
        var device = _scratch.Loop(image, "--direct-io=on");
        await using var source = DeviceSource.Open(device);
        // A loop device answers reads behind its file's end with an I/O error when it reads the file directly.
        using (var file = File.OpenHandle(image, FileMode.Open, FileAccess.Write)) RandomAccess.SetLength(file, bad);

        var into = AlignedMemory.Allocate(4 << 20);
        var error = await Should.ThrowAsync<SourceUnreadableException>(async () => await source.ReadAsync(0, into, Ct));
        error.Range.ShouldBe(new ByteRange(bad, 4096));
        error.Subject.ShouldBe($"{device} at offset {bad}");
        error.Fault.ShouldBe(Fault.SourceUnreadable);
        into.Span[..bad].SequenceEqual(content.AsSpan(0, bad)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_device_that_was_resized_is_noticed()
    {
        var (image, _) = RandomImage();
        var device = _scratch.Loop(image);
        await using var source = DeviceSource.Open(device);
        using (var file = File.OpenHandle(image, FileMode.Open, FileAccess.Write)) RandomAccess.SetLength(file, 16 << 20);
        Scratch.Run("losetup", "-c", device);
        (await Should.ThrowAsync<EngineException>(async () => await source.VerifyLengthAsync(Ct))).Fault.ShouldBe(Fault.SourceGrew);
    }

    [Fact]
    public async Task What_is_written_and_zeroed_is_what_the_device_holds()
    {
        var (image, content) = RandomImage();
        var device = _scratch.Loop(image);
        await using (var target = (DeviceTarget)TargetUri.Open(device, ExistingFile.Keep))
        {
            (await target.PrepareAsync(6_000_001, Ct)).ShouldBeFalse();
            var piece = RandomNumberGenerator.GetBytes(2 << 20);
            await target.WriteAsync(4096, piece, Ct);
            await target.WriteAsync(3 << 20, piece.AsMemory(1, 1 << 20), Ct);
            await target.WriteAsync(5_996_544, piece.AsMemory(0, 3457), Ct);
            await target.ZeroAsync(new ByteRange(5 << 20, 65536), Ct);
            await target.ZeroAsync(new ByteRange(5_900_000, 100), Ct);
            await target.FlushAsync(Ct);
            piece.CopyTo(content, 4096);
            piece.AsSpan(1, 1 << 20).CopyTo(content.AsSpan(3 << 20));
            piece.AsSpan(0, 3457).CopyTo(content.AsSpan(5_996_544));
            content.AsSpan(5 << 20, 65536).Clear();
            content.AsSpan(5_900_000, 100).Clear();
            var read = await target.ReadAll(Ct);
            read.AsSpan().SequenceEqual(content.AsSpan(0, 6_000_001)).ShouldBeTrue();
        }

        (await File.ReadAllBytesAsync(image, Ct)).AsSpan().SequenceEqual(content).ShouldBeTrue();
    }

    [Fact]
    public async Task A_device_that_is_mounted_or_too_small_is_no_target()
    {
        var device = _scratch.Loop(_scratch.Sparse("image", 16 << 20));
        Scratch.Run("mkfs.ext4", "-q", device);
        var (_, unmount) = _scratch.Mount(device);
        Should.Throw<EngineException>(() => TargetUri.Open(device, ExistingFile.Keep)).Fault.ShouldBe(Fault.Busy);
        unmount();
        await using var target = TargetUri.Open(device, ExistingFile.Keep);
        (await Should.ThrowAsync<EngineException>(async () => await target.PrepareAsync((16 << 20) + 1, Ct))).Fault.ShouldBe(Fault.TargetFailed);
        Should.Throw<EngineException>(() => TargetUri.Open(device, ExistingFile.Keep)).Fault.ShouldBe(Fault.Busy);
    }

    [Fact]
    public async Task Differences_are_found_to_the_block_and_the_longer_disk_differs_in_its_rest()
    {
        var (image, content) = RandomImage();
        content[5_000] ^= 1;
        content[8_191] ^= 1;
        content[8_192] ^= 1;
        content[3 << 20] ^= 1;
        var other = _scratch.PathOf("other");
        await File.WriteAllBytesAsync(other, content, Ct);
        using (var file = File.OpenHandle(other, FileMode.Open, FileAccess.Write)) RandomAccess.SetLength(file, 12 << 20);

        await using var device = SourceUri.Open(_scratch.Loop(image));
        await using var longer = SourceUri.Open(other);
        (await Differences.FindAsync(device, device, Ct).ToListAsync(Ct)).ShouldBeEmpty();
        var found = await Differences.FindAsync(device, longer, Ct).ToListAsync(Ct);
        found[..2].ShouldBe([new ByteRange(4096, 8192), new ByteRange(3 << 20, 4096)]);
        found[2].ShouldBe(new ByteRange(8 << 20, 4 << 20));
        found.Count.ShouldBe(3);

        await using var pipe = new StreamSource(File.OpenRead(other), "pipe");
        (await Differences.FindAsync(device, pipe, Ct).ToListAsync(Ct)).ShouldBe(found);
    }

    private (string Image, byte[] Content) RandomImage()
    {
        var content = RandomNumberGenerator.GetBytes(Size);
        File.WriteAllBytes(_scratch.PathOf("image"), content);
        return (_scratch.PathOf("image"), content);
    }
}
