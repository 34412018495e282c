using System.Text;
using CsCheck;
using HyperBdr.Engine.Blocks;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Blocks;

public sealed class RangeSets
{
    private const int Blocks = 200;

    private static readonly Gen<List<ByteRange>> Ranges =
        Gen.Select(Gen.Long[0, (Blocks * Block.Size) - 1], Gen.Long[1, 20 * Block.Size], (offset, length) => new ByteRange(offset, Math.Min(length, (Blocks * Block.Size) - offset))).List[0, 30];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void A_set_is_what_a_bit_array_says() => Ranges.Sample(ranges =>
    {
        var set = RangeSet.Touching(ranges);
        MustEqual(set, Bits(ranges, whole: false));
        var builder = new RangeSet.Builder();
        foreach (var range in ranges) builder.AddWhole(range);
        MustEqual(builder.Build(), Bits(ranges, whole: true));
    });

    [Fact]
    public void Union_intersection_and_difference_are_those_of_bit_arrays() => Gen.Select(Ranges, Ranges).Sample((first, second) =>
    {
        RangeSet a = RangeSet.Touching(first), b = RangeSet.Touching(second);
        bool[] x = Bits(first, whole: false), y = Bits(second, whole: false);
        MustEqual(a.Union(b), [.. x.Zip(y, (p, q) => p || q)]);
        MustEqual(a.Intersect(b), [.. x.Zip(y, (p, q) => p && q)]);
        MustEqual(a.Subtract(b), [.. x.Zip(y, (p, q) => p && !q)]);
    });

    [Fact]
    public void The_part_within_a_range_is_cut_to_the_byte() => Gen.Select(Ranges, Gen.Long[0, Blocks * Block.Size], Gen.Long[1, 90_000]).Sample((ranges, offset, length) =>
    {
        var bits = Bits(ranges, whole: false);
        var parts = RangeSet.Touching(ranges).Within(new ByteRange(offset, length)).ToList();
        parts.Sum(p => p.Length).ShouldBe(Enumerable.Range(0, Blocks).Where(b => bits[b]).Sum(b =>
            Math.Max(0L, Math.Min((b + 1L) * Block.Size, offset + length) - Math.Max((long)b * Block.Size, offset))));
        parts.ShouldAllBe(p => p.Offset >= offset && p.End <= offset + length && p.Length > 0);
    });

    [Fact]
    public void Ranges_that_no_disk_has_are_refused()
    {
        foreach (var range in (ByteRange[])[new(-1, 1), new(0, -1), new(long.MaxValue, 1), new(1, long.MaxValue)])
        {
            Should.Throw<EngineException>(() => RangeSet.Touching([range])).Fault.ShouldBe(Fault.InvalidArgument);
        }
    }

    [Fact]
    public async Task A_change_map_is_read_whatever_the_order_of_its_lines()
    {
        var set = await ParseAsync("# changed\n\n8192 4096\r\n  0\t1  \n8191 2\n1048576 4097");
        set.ShouldBe([new ByteRange(0, 3 * 4096), new ByteRange(1048576, 8192)]);
        (await ParseAsync("")).Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_large_change_map_crosses_the_buffer_whole()
    {
        var text = string.Join('\n', Enumerable.Range(0, 50_000).Reverse().Select(i => $"{i * 8192L} 4096"));
        var set = await ParseAsync(text);
        set.Count.ShouldBe(50_000);
        set.BlockCount.ShouldBe(50_000);
    }

    [Theory]
    [InlineData("0 4096\n1", 2)]
    [InlineData("0 0", 1)]
    [InlineData("-1 5", 1)]
    [InlineData("+1 5", 1)]
    [InlineData("1 5 6", 1)]
    [InlineData("#\n#\n0x10 5", 3)]
    [InlineData("9223372036854775807 4096", 1)]
    [InlineData("99999999999999999999 1", 1)]
    [InlineData("1,5", 1)]
    public async Task A_bad_line_is_named(string text, int line) =>
        (await Should.ThrowAsync<EngineException>(() => ParseAsync(text))).ShouldSatisfyAllConditions(e => e.Fault.ShouldBe(Fault.InvalidArgument), e => e.Message.ShouldContain($"line {line}:"));

    [Fact]
    public async Task A_line_without_an_end_and_too_many_lines_are_refused()
    {
        (await Should.ThrowAsync<EngineException>(() => ParseAsync("0 1\n" + new string('1', 1 << 20)))).Message.ShouldContain("line 2:");
        using var lines = new MemoryStream("#\n#\n#\n#\n"u8.ToArray());
        (await Should.ThrowAsync<EngineException>(() => ChangeMap.ParseAsync(lines, "map", 3, Ct))).Message.ShouldContain("line 4:");
    }

    [Fact]
    public Task Any_bytes_give_a_set_or_a_refusal() => Gen.Frequency(
        (1, Gen.Byte.Array[0, 9000]),
        (3, Gen.Int[0, 14].Select(i => (byte)" \t\r\n#0123456789"[i]).Array[0, 300])).SampleAsync(async bytes =>
    {
        using var stream = new MemoryStream(bytes);
        try
        {
            await ChangeMap.ParseAsync(stream, "map", Ct);
        }
        catch (EngineException e) when (e.Fault == Fault.InvalidArgument)
        {
            e.Message.ShouldContain("line ");
        }
    });

    private static async Task<RangeSet> ParseAsync(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return await ChangeMap.ParseAsync(stream, "map", Ct);
    }

    private static bool[] Bits(List<ByteRange> ranges, bool whole)
    {
        var bits = new bool[Blocks];
        for (var block = 0; block < Blocks; block++)
        {
            long begin = (long)block * Block.Size, end = begin + Block.Size;
            bits[block] = whole ? ranges.Any(r => r.Offset <= begin && r.End >= end) : ranges.Any(r => r.Offset < end && r.End > begin);
        }

        return bits;
    }

    private static void MustEqual(RangeSet set, bool[] bits)
    {
        for (var block = 0; block < Blocks; block++) set.Contains((block * (long)Block.Size) + (block % Block.Size)).ShouldBe(bits[block]);
        set.BlockCount.ShouldBe(bits.Count(b => b));
        var ranges = set.ToList();
        ranges.Count.ShouldBe(set.Count);
        ranges.Zip(ranges.Skip(1)).ShouldAllBe(pair => pair.First.End < pair.Second.Offset);
    }
}
