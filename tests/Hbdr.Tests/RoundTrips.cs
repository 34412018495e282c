using HyperBdr.S3Testing;
using Shouldly;
using Xunit;

namespace HyperBdr.Hbdr.Tests;

public sealed class RoundTrips : IDisposable
{
    private const int Mib = 1 << 20;
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task A_disk_goes_in_through_a_pipe_and_comes_out_through_one()
    {
        // The last block is a part of one, and nothing tells the length beforehand.
        var image = scratch.Image("image", (40 * Mib) + 777, 1, (0, 10 * Mib), (30 * Mib, 2 * Mib));
        var restored = scratch.PathOf("restored");
        await scratch.InitAsync();
        (await scratch.RunAsync(["backup", scratch.Repository, "root=-", "--host", "one"], [], input: image)).Well();
        var ran = await scratch.RunAsync(["restore", scratch.Repository, "latest", "--disk", "root", "--to", "-"], [], output: restored);

        ran.Well();
        ran.Error.ShouldContain("Restored root");
        Scratch.Sha256(restored).ShouldBe(Scratch.Sha256(image));
    }

    [Fact]
    public async Task A_restore_of_differences_writes_only_what_differs()
    {
        var image = scratch.Image("image", 64 * Mib, 1, (0, 20 * Mib));
        await scratch.InitAsync();
        await scratch.BackUpAsync(image);
        var target = scratch.PathOf("target");
        File.Copy(image, target);
        Scratch.Change(target, 8 * Mib, 10_000, 7);

        var ran = (await scratch.RunAsync("restore", scratch.Repository, "latest", "--to", target, "--only-different", "--json")).Well();

        ran.Json.GetProperty("written").GetInt64().ShouldBe(3 * 4096);
        Scratch.Sha256(target).ShouldBe(Scratch.Sha256(image));
    }

    [Fact]
    public async Task A_restore_of_a_range_leaves_the_rest_of_the_target()
    {
        var image = scratch.Image("image", 16 * Mib, 1, (0, 16 * Mib));
        await scratch.InitAsync();
        await scratch.BackUpAsync(image);
        var target = scratch.Image("target", 16 * Mib, 2, (0, 16 * Mib));
        var expected = await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken);
        (await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken)).AsSpan(Mib, 64 * 1024).CopyTo(expected.AsSpan(Mib));

        (await scratch.RunAsync("restore", scratch.Repository, "latest", "--to", target, "--range", "1MiB:65536")).Well();

        (await File.ReadAllBytesAsync(target, TestContext.Current.CancellationToken)).AsSpan().SequenceEqual(expected).ShouldBeTrue();
    }

    [Fact]
    public async Task What_two_points_differ_in_is_a_change_map_for_the_next_backup()
    {
        var image = scratch.Image("image", 64 * Mib, 1, (0, 30 * Mib));
        await scratch.InitAsync();
        var first = await scratch.BackUpAsync(image);
        Scratch.Change(image, 4 * Mib, 8192, 5);
        Scratch.Change(image, 50 * Mib, 100, 6);
        var second = await scratch.BackUpAsync(image);

        var map = (await scratch.RunAsync("diff", scratch.Repository, first, second)).Well().Output;
        var ranges = map.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] != '#').ToList();
        ranges.ShouldBe([$"{4 * Mib} 8192", $"{50 * Mib} 4096"]);

        var changes = scratch.PathOf("changes");
        await File.WriteAllTextAsync(changes, map, TestContext.Current.CancellationToken);
        (await scratch.RunAsync("backup", scratch.Repository, image, "--host", "one", "--parent", first, "--changed", changes, "--json")).Well()
            .Json.GetProperty("point").GetProperty("statistics").GetProperty("read").GetInt64().ShouldBe(8192 + 4096);
        (await scratch.RunAsync("restore", scratch.Repository, "latest", "--to", scratch.PathOf("restored"))).Well();
        Scratch.Sha256(scratch.PathOf("restored")).ShouldBe(Scratch.Sha256(image));
    }

    [Fact]
    public async Task Several_disks_make_one_point()
    {
        var system = scratch.Image("system", 8 * Mib, 1, (0, 3 * Mib));
        var data = scratch.Image("data", 12 * Mib, 2, (Mib, 3 * Mib));
        await scratch.InitAsync();
        (await scratch.RunAsync("backup", scratch.Repository, $"sda={system}", data, "--host", "one", "--tag", "why=test", "--consistency", "application")).Well();

        var point = (await scratch.RunAsync("points", scratch.Repository, "--json")).Well().Json.GetProperty("points")[0];
        point.GetProperty("disks").EnumerateArray().Select(d => d.GetProperty("name").GetString()).ShouldBe(["sda", "disk1"]);
        point.GetProperty("tags").GetProperty("why").GetString().ShouldBe("test");
        point.GetProperty("consistency").GetString().ShouldBe("application");
        (await scratch.RunAsync("restore", scratch.Repository, "latest", "--to", scratch.PathOf("out"))).Failed(1, "engine.object.not_found");
        (await scratch.RunAsync("restore", scratch.Repository, "latest", "--disk", "1", "--to", scratch.PathOf("out"))).Well();
        Scratch.Sha256(scratch.PathOf("out")).ShouldBe(Scratch.Sha256(data));
    }

    [Fact]
    public async Task A_repository_lies_in_an_s3_bucket()
    {
        await using var server = await S3Server.StartAsync(null, new S3ServerOptions());
        var s3 = new Dictionary<string, string> { ["AWS_ACCESS_KEY_ID"] = server.Options.AccessKey, ["AWS_SECRET_ACCESS_KEY"] = server.Options.SecretKey, ["AWS_REGION"] = server.Options.Region };
        string[] place = [$"s3://{server.Options.Bucket}/backups/one", "--s3-endpoint", server.Endpoint.ToString()];
        var image = scratch.Image("image", 64 * Mib, 1, (0, 40 * Mib));

        (await scratch.RunAsync(["init", .. place], s3)).Well();
        (await scratch.RunAsync(["backup", .. place, image, "--host", "one"], s3)).Well();
        (await scratch.RunAsync(["restore", .. place, "latest", "--to", scratch.PathOf("restored")], s3)).Well();
        Scratch.Sha256(scratch.PathOf("restored")).ShouldBe(Scratch.Sha256(image));
        server.Keys.ShouldAllBe(key => key.StartsWith("backups/one/", StringComparison.Ordinal));

        var trial = (await scratch.RunAsync(["store", "validate", .. place, "--quick", "--json"], s3)).Well().Json;
        trial.GetProperty("holds").GetBoolean().ShouldBeTrue();
        trial.GetProperty("checks").GetArrayLength().ShouldBeGreaterThan(10);
        s3["AWS_SECRET_ACCESS_KEY"] = "another";
        (await scratch.RunAsync(["points", .. place], s3)).Failed(3, "engine.store.refused");
    }
}
