using System.Text.Json;
using Shouldly;
using Xunit;

namespace HyperBdr.Hbdr.Tests;

public sealed class MaintenancePrunes : IDisposable
{
    private const int Mib = 1 << 20;
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task A_trial_says_what_a_prune_then_does()
    {
        var points = await ThreePointsAsync();
        string[] prune = ["prune", scratch.Repository, "--keep-last", "2", "--json"];
        var trial = (await scratch.RunAsync([.. prune, "--dry-run"], [])).Well().Json;
        trial.GetProperty("dry_run").GetBoolean().ShouldBeTrue();
        trial.GetProperty("collection").ValueKind.ShouldBe(JsonValueKind.Null);
        (await PointsAsync()).ShouldBe(points);

        var pruned = (await scratch.RunAsync(prune)).Well().Json;
        pruned.GetProperty("points").GetRawText().ShouldBe(trial.GetProperty("points").GetRawText());
        var decisions = pruned.GetProperty("points").EnumerateArray().ToList();
        decisions.Select(d => d.GetProperty("point").GetString()).ShouldBe(points.AsEnumerable().Reverse());
        decisions.Select(d => d.GetProperty("keep").GetBoolean()).ShouldBe([true, true, false]);
        decisions[0].GetProperty("reasons").EnumerateArray().Select(r => r.GetString()).ShouldBe(["last", "last_good"]);
        // The data is younger than a day, so nothing of it goes yet.
        pruned.GetProperty("collection").GetProperty("epoch").GetInt32().ShouldBe(1);
        pruned.GetProperty("collection").GetProperty("deleted_packs").GetInt32().ShouldBe(0);
        (await PointsAsync()).ShouldBe(points[1..]);
        (await scratch.RunAsync("restore", scratch.Repository, points[1], "--to", scratch.PathOf("out"))).Well();
        (await scratch.RunAsync("verify", scratch.Repository, "--full")).Well();
    }

    [Fact]
    public async Task A_prune_of_one_host_leaves_the_others_and_a_collection_alone_leaves_all()
    {
        var points = await ThreePointsAsync();
        (await scratch.RunAsync("backup", scratch.Repository, scratch.PathOf("image"), "--host", "two")).Well();
        var pruned = (await scratch.RunAsync("prune", scratch.Repository, "--keep-daily", "1", "--host", "two", "--json")).Well().Json;
        pruned.GetProperty("points").EnumerateArray().ShouldHaveSingleItem().GetProperty("host").GetString().ShouldBe("two");
        (await scratch.RunAsync("prune", scratch.Repository, "--no-retention", "--json")).Well().Json.GetProperty("collection").GetProperty("points").GetInt32().ShouldBe(4);
        (await PointsAsync())[..3].ShouldBe(points);
    }

    [Fact]
    public async Task A_point_that_lost_data_pushes_out_no_whole_one_and_stops_the_collection()
    {
        var points = await ThreePointsAsync();
        var packs = Packs();
        Scratch.Change(scratch.PathOf("image"), Mib, 100_000, 4);
        points.Add(await scratch.BackUpAsync(scratch.PathOf("image")));
        foreach (var pack in Packs().Except(packs)) File.Delete(pack);

        var trial = (await scratch.RunAsync("prune", scratch.Repository, "--keep-last", "1", "--dry-run", "--json")).Well().Json;
        var reasons = trial.GetProperty("points").EnumerateArray().Select(d => string.Join(' ', d.GetProperty("reasons").EnumerateArray().Select(r => r.GetString()))).ToList();
        reasons.ShouldBe(["not_good", "last last_good", "", ""]);
        (await scratch.RunAsync("prune", scratch.Repository, "--keep-last", "1", "--quiet")).ExitCode.ShouldBe(5);
        (await PointsAsync()).ShouldBe(points[2..]);
        (await scratch.RunAsync("restore", scratch.Repository, points[2], "--to", scratch.PathOf("out"))).Well();
    }

    [Fact]
    public async Task A_prune_must_be_told_what_to_keep()
    {
        await scratch.InitAsync();
        (await scratch.RunAsync("prune", scratch.Repository)).Failed(1, "engine.argument.invalid");
        (await scratch.RunAsync("prune", scratch.Repository, "--keep-last", "0")).Failed(1, "engine.argument.invalid");
        (await scratch.RunAsync("prune", scratch.Repository, "--no-retention", "--keep-last", "1")).Failed(1, "engine.argument.invalid");
    }

    [Fact]
    public async Task The_last_point_of_a_host_goes_only_when_that_is_said()
    {
        var points = await ThreePointsAsync();
        (await scratch.RunAsync("delete", scratch.Repository, "latest")).Failed(1, "engine.argument.invalid");
        foreach (var point in points[..2]) (await scratch.RunAsync("delete", scratch.Repository, point[..10])).Well();
        (await scratch.RunAsync("delete", scratch.Repository, points[2])).Failed(8, "engine.protected");
        (await PointsAsync()).ShouldBe(points[2..]);
        (await scratch.RunAsync("delete", scratch.Repository, points[2], "--danger-last")).Well();
        (await PointsAsync()).ShouldBeEmpty();
    }

    private string[] Packs() => Directory.GetFiles(Path.Combine(scratch.Repository, "packs"), "*", SearchOption.AllDirectories);

    private async Task<List<string>> ThreePointsAsync()
    {
        var image = scratch.Image("image", 8 * Mib, 1, (0, 4 * Mib));
        await scratch.InitAsync();
        var points = new List<string>();
        for (var seed = 1; seed <= 3; seed++)
        {
            Scratch.Change(image, Mib, 100_000, seed);
            points.Add(await scratch.BackUpAsync(image));
        }

        return points;
    }

    private async Task<List<string>> PointsAsync() =>
        [.. (await scratch.RunAsync("points", scratch.Repository, "--json")).Well().Json.GetProperty("points").EnumerateArray().Select(p => p.GetProperty("id").GetString()!)];
}
