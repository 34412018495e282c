using Shouldly;
using Xunit;

namespace HyperBdr.Hbdr.Tests;

public sealed class MaintenanceChecks : IDisposable
{
    private const int Mib = 1 << 20;
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("quick")]
    [InlineData("tags", "--tags")]
    [InlineData("full", "--full")]
    public async Task A_clean_repository_is_whole_at_every_level(string level, params string[] options)
    {
        await MadeAsync();
        var ran = (await scratch.RunAsync(["verify", scratch.Repository, "--json", .. options], [])).Well().Json;
        ran.GetProperty("level").GetString().ShouldBe(level);
        ran.GetProperty("whole").GetBoolean().ShouldBeTrue();
        ran.GetProperty("points").GetInt32().ShouldBe(1);
        ran.GetProperty("packs").GetInt64().ShouldBeGreaterThan(1);
        (ran.GetProperty("blobs").GetInt64() > 0).ShouldBe(level != "quick");
        (await scratch.RunAsync(["verify", scratch.Repository, .. options], [])).Well().Output.ShouldContain("Nothing is wrong.");
    }

    [Theory]
    [InlineData("verify", "--tags")]
    [InlineData("verify", "--full")]
    [InlineData("scrub", "--parts=1")]
    public async Task A_changed_byte_is_found_and_the_point_that_lost_by_it_is_named(string command, string option)
    {
        var point = await MadeAsync();
        var pack = scratch.LargestPack();
        Scratch.Change(pack.FullName, pack.Length / 2, 1, 9);
        // Nothing is missing, and nothing was read.
        (await scratch.RunAsync("verify", scratch.Repository)).Well();

        var ran = await scratch.RunAsync(command, scratch.Repository, option, "--json");
        ran.ExitCode.ShouldBe(5);
        ran.Json.GetProperty("whole").GetBoolean().ShouldBeFalse();
        var findings = ran.Json.GetProperty("findings").EnumerateArray().ToList();
        findings.ShouldContain(f => f.GetProperty("code").GetString() == "engine.data.corrupt" && f.GetProperty("subject").GetString()!.Contains(pack.Name, StringComparison.Ordinal));
        var damage = ran.Json.GetProperty("damage").EnumerateArray().ShouldHaveSingleItem();
        damage.GetProperty("point").GetString().ShouldBe(point);
        damage.GetProperty("host").GetString().ShouldBe("one");
        damage.GetProperty("disk").GetString().ShouldBe("disk0");
        damage.GetProperty("lost_bytes").GetInt64().ShouldBe(damage.GetProperty("ranges").EnumerateArray().Sum(r => r.GetProperty("length").GetInt64()));

        var text = await scratch.RunAsync(command, scratch.Repository, option);
        text.ExitCode.ShouldBe(5);
        text.Output.ShouldContain("engine.data.corrupt  packs/");
        text.Output.ShouldContain("1 points cannot be restored whole.");
    }

    [Fact]
    public async Task A_missing_pack_is_found_without_reading_any()
    {
        await MadeAsync();
        scratch.LargestPack().Delete();
        var ran = await scratch.RunAsync("verify", scratch.Repository, "--json");
        ran.ExitCode.ShouldBe(5);
        ran.Json.GetProperty("findings").EnumerateArray().ShouldContain(f => f.GetProperty("code").GetString() == "engine.data.missing");
        ran.Json.GetProperty("damage").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Scrubs_in_parts_read_every_pack_once()
    {
        await MadeAsync();
        var all = (await scratch.RunAsync("verify", scratch.Repository, "--full", "--json")).Well().Json.GetProperty("packs").GetInt64();
        var read = new List<long>();
        for (var part = 0; part < all; part++) read.Add((await scratch.RunAsync("scrub", scratch.Repository, "--parts", $"{all}", "--json")).Well().Json.GetProperty("packs").GetInt64());
        read.ShouldAllBe(packs => packs == 1);
        (await scratch.RunAsync("scrub", scratch.Repository, "--parts", "0")).Failed(1, "engine.argument.invalid");
    }

    [Fact]
    public async Task A_lost_index_is_made_again_from_the_packs_and_everything_can_be_restored()
    {
        var point = await MadeAsync();
        Directory.Delete(Path.Combine(scratch.Repository, "index"), recursive: true);
        Directory.Delete(scratch.Cache, recursive: true);
        (await scratch.RunAsync("restore", scratch.Repository, point, "--to", scratch.PathOf("out"))).ExitCode.ShouldBe(5);

        var rebuilt = (await scratch.RunAsync("rebuild-index", scratch.Repository, "--json")).Well().Json;
        rebuilt.GetProperty("packs_added").GetInt32().ShouldBeGreaterThan(1);
        rebuilt.GetProperty("findings").GetArrayLength().ShouldBe(0);
        (await scratch.RunAsync("rebuild-index", scratch.Repository, "--json")).Well().Json.GetProperty("packs_added").GetInt32().ShouldBe(0);
        (await scratch.RunAsync("verify", scratch.Repository)).Well();
        (await scratch.RunAsync("restore", scratch.Repository, point, "--to", scratch.PathOf("out"))).Well();
        Scratch.Sha256(scratch.PathOf("out")).ShouldBe(Scratch.Sha256(scratch.PathOf("image")));
    }

    [Fact]
    public async Task After_a_repair_the_next_backup_stores_what_was_lost()
    {
        var image = scratch.PathOf("image");
        var old = await MadeAsync();
        var pack = scratch.LargestPack();
        Scratch.Change(pack.FullName, pack.Length / 2, 1, 9);

        var repaired = await scratch.RunAsync("repair", scratch.Repository, "--json");
        repaired.ExitCode.ShouldBe(5);
        repaired.Json.GetProperty("lost_blobs").GetInt32().ShouldBe(1);
        repaired.Json.GetProperty("salvaged").GetInt32().ShouldBeGreaterThan(0);
        repaired.Json.GetProperty("lost")[0].GetProperty("point").GetString().ShouldBe(old);
        (await scratch.RunAsync("restore", scratch.Repository, old, "--to", scratch.PathOf("out"))).ExitCode.ShouldBe(5);

        await scratch.BackUpAsync(image);
        (await scratch.RunAsync("restore", scratch.Repository, "latest", "--to", scratch.PathOf("out"))).Well();
        Scratch.Sha256(scratch.PathOf("out")).ShouldBe(Scratch.Sha256(image));
        // The same bytes have the same ids: what the older point lacked is there again.
        (await scratch.RunAsync("verify", scratch.Repository)).Well();
        (await scratch.RunAsync("restore", scratch.Repository, old, "--to", scratch.PathOf("old"))).Well();
        Scratch.Sha256(scratch.PathOf("old")).ShouldBe(Scratch.Sha256(image));
    }

    [Fact]
    public async Task A_repair_of_a_whole_repository_changes_nothing()
    {
        await MadeAsync();
        var before = scratch.StoredBytes();
        (await scratch.RunAsync("repair", scratch.Repository)).Well().Output.ShouldContain("nothing was changed");
        scratch.StoredBytes().ShouldBe(before);
    }

    private async Task<string> MadeAsync()
    {
        var image = scratch.Image("image", 40 * Mib, 1, (0, 20 * Mib), (30 * Mib, 2 * Mib));
        await scratch.InitAsync();
        return await scratch.BackUpAsync(image);
    }
}
