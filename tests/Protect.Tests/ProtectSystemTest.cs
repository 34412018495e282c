using System.Text.Json;
using HyperBdr.Demo;
using Shouldly;
using Xunit;

namespace HyperBdr.ProtectTests;

/// <summary>The whole way, as a user starts it: suite, gateway, agent in a live guest, policy, syncs, restores.</summary>
public sealed class ProtectSystemTest
{
    private const int Disks = 2;

    [Fact]
    public async Task A_live_machine_is_protected_and_every_point_restores_to_what_the_ledger_says()
    {
        var missing = new[] { "agent-package.sh", "gateway-package.sh" }.Where(f => !File.Exists(Path.Combine(Scratch.Root, "scripts", f))).ToList();
        Assert.SkipWhen(missing.Count > 0, $"This source tree cannot build the packages: it has no scripts/{string.Join(", ", missing)}");
        using var scratch = new Scratch();
        var home = scratch.Path("demo");

        var said = await RunAsync(home);

        said.ShouldContain("Every point restores to what the ledger says");
        var report = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(Path.Combine(home, "report.json"), TestContext.Current.CancellationToken));
        report.GetProperty("holds").GetBoolean().ShouldBeTrue();
        var points = report.GetProperty("points").EnumerateArray().ToList();
        points.Select(p => p.GetProperty("mode").GetString()).ShouldBe(["full", "incremental", "incremental"]);
        foreach (var point in points)
        {
            var disks = point.GetProperty("disks").EnumerateArray().ToList();
            disks.Count.ShouldBe(Disks);
            disks.ShouldAllBe(d => d.GetProperty("restored").GetString() == d.GetProperty("ledger").GetString());
            point.GetProperty("same_moment").GetBoolean().ShouldBeTrue();
        }

        // An incremental reads what changed, and not the disks.
        points.Skip(1).ShouldAllBe(p => p.GetProperty("read_bytes").GetInt64() * 4 < p.GetProperty("length_bytes").GetInt64());
        // The host wrote between the points, so they differ.
        points.Select(p => p.GetProperty("disks")[Disks - 1].GetProperty("restored").GetString()).Distinct().Count().ShouldBe(points.Count);
    }

    /// <summary>The demonstration's log goes where the test's own does, also when it fails.</summary>
    private static async Task<string> RunAsync(string home)
    {
        try
        {
            return await Tool.RunAsync(Path.Combine(Scratch.Root, "run"), ["--demo", "protect", "--fast", "--home", home, "--ports:offset", "4400"], TestContext.Current.CancellationToken);
        }
        finally
        {
            var log = Path.Combine(home, "protect.log");
            if (File.Exists(log)) TestContext.Current.TestOutputHelper?.WriteLine(await File.ReadAllTextAsync(log));
        }
    }
}
