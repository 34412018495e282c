using System.Diagnostics;
using HyperBdr.Engine;
using HyperBdr.Fuzz;
using Shouldly;
using Xunit;

namespace HyperBdr.EngineFaults.Tests.Fuzzing;

/// <summary>Every target of tests/Fuzz over its seeds and seeded mutations of them, in every build.</summary>
public sealed class DecoderRuns
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Names => [.. Targets.All.Keys.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_decoder_takes_bytes_or_refuses_them_with_a_fault(string name)
    {
        var target = Targets.All[name];
        var seed = Seeds.Make()[name];
        if (!name.StartsWith("nbd-", StringComparison.Ordinal) && name is not ("pack-trailer" or "lz4" or "zstd")) Targets.Run(target, seed).ShouldBeNull();
        // In a task: a decoder that never ends fails here and does not stop the run.
        await Task.Run(() => Mutate(target, [seed, .. Committed(name)])).WaitAsync(Limit * Scale.Runs(1, 20));
    }

    [Fact]
    public void Every_target_has_a_seed() => Seeds.Make().Keys.Order(StringComparer.Ordinal).ShouldBe(Targets.All.Keys.Order(StringComparer.Ordinal));

    private static void Mutate(FuzzTarget target, byte[][] seeds)
    {
        var random = new Random(7);
        for (var run = 0; run < Scale.Runs(2000, 100_000); run++)
        {
            var bytes = Mutation.Of(seeds[run % seeds.Length], random);
            var begun = Stopwatch.GetTimestamp();
            try
            {
                Targets.Run(target, bytes);
            }
            catch (Exception e) when (e is not EngineException)
            {
                throw new InvalidOperationException($"run {run}: {Convert.ToHexString(bytes.AsSpan(0, Math.Min(bytes.Length, 500)))}", e);
            }

            Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(TimeSpan.FromSeconds(10));
        }
    }

    private static IEnumerable<byte[]> Committed(string name)
    {
        var folder = Path.Combine(Places.Tests, "Fuzz", "seeds", name);
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes) : [];
    }
}
