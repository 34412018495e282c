using CsCheck;
using HyperBdr.Engine.Index;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Index;

public class IndexSegmentTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_damaged_file_is_thrown_away_and_built_again()
    {
        using var folder = new IndexFolder();
        var pack = Packed.Entry(1, Enumerable.Range(0, 300));
        folder.Put("a", pack);
        using (var index = folder.Open()) await folder.SyncAsync(index);
        var good = File.ReadAllBytes(folder.SegmentPaths.Single());
        var mutations = Gen.Select(Gen.Int[0, 3], Gen.Int[0, good.Length - 1], Gen.Byte[1, 255]).Array[600].Single();
        foreach (var (kind, at, change) in mutations)
        {
            File.WriteAllBytes(folder.SegmentPaths.Single(), Damaged(good, kind, at, change));
            var loads = folder.Loads;
            using var index = folder.Open();
            await folder.SyncAsync(index);
            folder.Loads.ShouldBe(loads + 1, $"{kind} at {at}");
            index.TryFind(Packed.Chunk(at % 300), out var found).ShouldBeTrue();
            found.ShouldBe(Packed.Locations(pack).ElementAt(at % 300).At);
        }
    }

    [Fact]
    public async Task Damage_under_an_open_index_is_a_fault_not_an_absent_chunk_and_heals()
    {
        using var folder = new IndexFolder();
        using var index = folder.Open();
        folder.Put("a", Packed.Entry(1, Enumerable.Range(0, 300)));
        await folder.SyncAsync(index);
        var path = folder.SegmentPaths.Single();
        var bytes = File.ReadAllBytes(path);
        for (var page = 1; page <= 4; page++) bytes[(page * 4096) + 40] ^= 1;
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.Write(bytes);

        for (var i = 0; i < 300; i++) Should.Throw<EngineException>(() => index.TryFind(Packed.Chunk(i), out _)).Fault.ShouldBe(Fault.Corrupt);
        File.Exists(path).ShouldBeFalse();
        await folder.SyncAsync(index);
        for (var i = 0; i < 300; i++) index.TryFind(Packed.Chunk(i), out _).ShouldBeTrue();
    }

    [Fact]
    public async Task A_segment_of_another_repository_is_not_used()
    {
        using var folder = new IndexFolder();
        folder.Put("a", Packed.Entry(1, 1));
        using (var index = folder.Open()) await folder.SyncAsync(index);
        using var other = ChunkIndex.Open(folder.FolderPath, Guid.CreateVersion7());
        other.Count.ShouldBe(0);
        folder.SegmentPaths.ShouldBeEmpty();
    }

    [Fact]
    public void The_plan_keeps_few_segments_and_rewrites_little()
    {
        var sizes = new List<long>();
        var written = 0L;
        for (var i = 0; i < 4000; i++)
        {
            sizes.Add(1);
            written++;
            sizes.Sort((a, b) => b.CompareTo(a));
            for (int from; (from = MergePlan.From([.. sizes])) < sizes.Count;)
            {
                var merged = sizes[from..].Sum();
                sizes.RemoveRange(from, sizes.Count - from);
                sizes.Add(merged);
                sizes.Sort((a, b) => b.CompareTo(a));
                written += merged;
            }

            sizes.Count.ShouldBeLessThanOrEqualTo(MergePlan.MaxSegments);
            sizes.Sum().ShouldBe(i + 1);
        }

        output.WriteLine($"each entry written {written / 4000.0:0.0} times");
        (written / 4000.0).ShouldBeLessThan(40);
    }

    private static byte[] Damaged(byte[] good, int kind, int at, byte change) => kind switch
    {
        0 => good[..at],
        1 => [.. good, change],
        2 => [.. good[..(at / 4096 * 4096)], .. new byte[Math.Min(4096, good.Length - (at / 4096 * 4096))], .. good.AsSpan(Math.Min(good.Length, (at / 4096 * 4096) + 4096))],
        _ => [.. good[..at], (byte)(good[at] ^ change), .. good[(at + 1)..]],
    };
}
