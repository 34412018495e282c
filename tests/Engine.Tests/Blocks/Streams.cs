using System.IO.Pipelines;
using System.Security.Cryptography;
using HyperBdr.Engine.Blocks;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Blocks;

public sealed class Streams
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Short_reads_of_a_pipe_are_joined_and_the_length_is_known_at_its_end()
    {
        var content = RandomNumberGenerator.GetBytes(300_001);
        var pipe = new Pipe();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < content.Length; i += 997) await pipe.Writer.WriteAsync(content.AsMemory(i, Math.Min(997, content.Length - i)), Ct);
            await pipe.Writer.CompleteAsync();
        }, Ct);
        await using var source = new StreamSource(pipe.Reader.AsStream(), "pipe");
        var into = new byte[128 << 10];
        using var read = new MemoryStream();
        for (var count = into.Length; count == into.Length;)
        {
            source.Length.ShouldBeNull();
            count = await source.ReadAsync(read.Length, into, Ct);
            read.Write(into, 0, count);
        }

        await writing;
        source.Length.ShouldBe(content.Length);
        read.ToArray().SequenceEqual(content).ShouldBeTrue();
        (await source.ReadAsync(content.Length, into, Ct)).ShouldBe(0);
    }

    [Fact]
    public async Task A_stream_is_not_read_backwards()
    {
        await using var source = new StreamSource(new MemoryStream(new byte[20_000]), "pipe");
        await source.ReadAsync(0, new byte[4096], Ct);
        (await Should.ThrowAsync<EngineException>(async () => await source.ReadAsync(0, new byte[4096], Ct))).Fault.ShouldBe(Fault.InvalidArgument);
        (await Should.ThrowAsync<EngineException>(async () => await source.ReadAsync(8192, new byte[4096], Ct))).Fault.ShouldBe(Fault.InvalidArgument);
    }

    [Fact]
    public async Task A_stream_target_takes_data_and_zeros_in_order_and_refuses_a_gap()
    {
        using var output = new MemoryStream();
        var target = new StreamTarget(output, "out");
        (await target.PrepareAsync(3_000_000, Ct)).ShouldBeFalse();
        await target.WriteAsync(0, new byte[] { 1, 2, 3 }, Ct);
        await target.ZeroAsync(new ByteRange(3, 2_000_000), Ct);
        foreach (var offset in (long[])[0, 2_000_002, 2_000_004])
        {
            (await Should.ThrowAsync<EngineException>(async () => await target.WriteAsync(offset, new byte[] { 4 }, Ct))).Fault.ShouldBe(Fault.TargetFailed);
        }

        await target.WriteAsync(2_000_003, new byte[] { 4 }, Ct);
        await target.FlushAsync(Ct);
        byte[] expected = [1, 2, 3, .. new byte[2_000_000], 4];
        output.ToArray().AsSpan().SequenceEqual(expected).ShouldBeTrue();
        (await Should.ThrowAsync<EngineException>(async () => await target.ZeroAsync(new ByteRange(2_000_004, 1_000_000), Ct))).Fault.ShouldBe(Fault.InvalidArgument);
    }
}
