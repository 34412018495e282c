using HyperBdr.Capture.Tracking;
using HyperBdr.Engine.Blocks;
using Shouldly;
using Xunit;

namespace HyperBdr.Capture.Tests;

/// <summary>What is read of the kernel's pages, and bitmaps against a plain set.</summary>
public sealed class TracePages
{
    private const string HeaderPage = """
        	field: u64 timestamp;	offset:0;	size:8;	signed:0;
        	field: local_t commit;	offset:8;	size:8;	signed:1;
        	field: int overwrite;	offset:8;	size:1;	signed:1;
        	field: char data;	offset:16;	size:4080;	signed:0;
        """;

    [Fact]
    public void Records_of_every_kind_are_walked()
    {
        var layout = RingPage.Parse(HeaderPage);
        layout.ShouldBe(new RingPage(8, 16, 4096));
        var page = new byte[4096];
        // A time extension, a record of 8 bytes, one with its length before it, padding, a record of 4 bytes.
        uint[] words = [30, 7, 2, 0xA, 0xB, 0, 12, 0xC, 0xD, 29 | (1 << 5), 4, 1, 0xE];
        for (var i = 0; i < words.Length; i++) BitConverter.TryWriteBytes(page.AsSpan(16 + (i * 4)), words[i]).ShouldBeTrue();
        BitConverter.TryWriteBytes(page.AsSpan(8), words.Length * 4).ShouldBeTrue();
        var seen = new List<string>();

        layout.Visit(page, record =>
        {
            seen.Add(Convert.ToHexString(record));
            return true;
        }).ShouldBeNull();

        seen.ShouldBe(["0A0000000B000000", "0C0000000D000000", "0E000000"]);
        page[11] |= 0x80;
        layout.Visit(page, _ => true)!.ShouldContain("dropped");
    }

    [Fact]
    public void Pages_of_noise_are_refused_or_walked_and_never_read_beyond_their_end()
    {
        var layout = RingPage.Parse(HeaderPage);
        var random = new Random(1);
        var page = new byte[4096];
        var refused = 0;
        for (var i = 0; i < 20_000; i++)
        {
            random.NextBytes(page);
            if (random.Next(2) == 0) BitConverter.TryWriteBytes(page.AsSpan(8), random.Next(4080)).ShouldBeTrue();
            if (layout.Visit(page.AsSpan(0, random.Next(4097)), _ => random.Next(50) > 0) is not null) refused++;
        }

        refused.ShouldBeGreaterThan(10_000);
    }

    [Fact]
    public void An_event_of_another_form_is_refused()
    {
        const string format = """
            name: block_rq_issue
            ID: 2104
            format:
            	field:unsigned short common_type;	offset:0;	size:2;	signed:0;

            	field:dev_t dev;	offset:8;	size:4;	signed:0;
            	field:sector_t sector;	offset:16;	size:8;	signed:0;
            	field:unsigned int nr_sector;	offset:24;	size:4;	signed:0;
            	field:char rwbs[10];	offset:34;	size:10;	signed:0;
            """;
        TraceFormat.Parse(format, "x").ShouldBe(new TraceFormat(2104, 8, 16, 24, 34, 10));
        foreach (var (from, to) in (ValueTuple<string, string>[])[("sector_t sector", "sector_t place"), ("size:8", "size:4"), ("rwbs", "flags"), ("ID: 2104", "ID: x"), ("offset:24", "offset:-1")])
        {
            Should.Throw<TrackingUnavailableException>(() => TraceFormat.Parse(format.Replace(from, to, StringComparison.Ordinal), "x"));
        }
    }

    [Theory]
    [InlineData(1, 16 << 20, 1 << 20)]
    [InlineData(2, (300L << 20) + 512, 1 << 20)]
    [InlineData(3, 4L << 40, 4096)]
    public void A_bitmap_has_what_was_marked_in_whole_steps_and_nothing_else(int seed, long length, int limit)
    {
        var random = new Random(seed);
        var (one, two) = (new DirtyBitmap(length, limit), new DirtyBitmap(length, limit));
        var steps = new HashSet<long>();
        for (var i = 0; i < 2000; i++)
        {
            var range = new ByteRange(random.NextInt64(length / 512) * 512, random.Next(1, 40) * 512);
            (i % 2 == 0 ? one : two).Mark(range.Offset, range.Length);
            for (var at = range.Offset / one.StepBytes; at * one.StepBytes < Math.Min(length, range.End); at++) steps.Add(at);
        }

        one.Add(two);

        one.Count.ShouldBe(steps.Count);
        var ranges = one.ToRanges();
        foreach (var step in steps) ranges.Contains(step * one.StepBytes).ShouldBeTrue();
        ranges.BlockCount.ShouldBe(steps.Sum(s => Block.CountFor(Math.Min(length, (s + 1) * one.StepBytes) - (s * one.StepBytes))));
        one.Clear();
        one.ToRanges().ShouldBeEmpty();
    }

    [Fact]
    public void So_many_ranges_that_they_would_fill_memory_are_joined()
    {
        var bitmap = new DirtyBitmap(8L << 30, 16 << 20);
        for (long block = 0; block < 2 << 20; block += 2) bitmap.Mark(block * 4096, 4096);

        var ranges = bitmap.ToRanges();

        ranges.Count.ShouldBeLessThan(262_145);
        for (long block = 0; block < 2 << 20; block += 2) ranges.Contains(block * 4096).ShouldBeTrue();
    }
}
