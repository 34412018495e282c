using Shouldly;
using Xunit;

namespace HyperBdr.Hbdr.Tests;

public sealed class FileSystems : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("ext4", false)]
    [InlineData("ext4", true)]
    [InlineData("xfs", false)]
    [InlineData("xfs", true)]
    public async Task A_device_comes_back_as_it_was_at_each_point(string kind, bool onlyUsed)
    {
        if (!Environment.IsPrivilegedProcess) Assert.Skip("loop devices need root");
        var image = scratch.Image("image", 384 << 20, seed: 1);
        Tool.Run($"mkfs.{kind}", "-q", image);
        scratch.Mounted(image, at => Tool.Run("cp", "-r", "/usr/include", "/usr/sbin", at));
        var device = scratch.Loop(image);
        string[] options = onlyUsed ? ["--used-blocks", "clean"] : [];
        await scratch.InitAsync();
        var first = await scratch.BackUpAsync(device, options);
        var before = scratch.PathOf("before");
        File.Copy(image, before);

        scratch.Mounted(image, at =>
        {
            Directory.Delete(Path.Combine(at, "include"), recursive: true);
            File.WriteAllText(Path.Combine(at, "note"), "changed");
        });
        var second = await scratch.BackUpAsync(device, options);

        var points = (await scratch.RunAsync("points", scratch.Repository, "--json")).Well().Json.GetProperty("points").EnumerateArray().ToList();
        points.Select(p => p.GetProperty("id").GetString()).ShouldBe([first, second]);
        points[1].GetProperty("parent").GetString().ShouldBe(first);
        Stored(points[1]).ShouldBeLessThan(Stored(points[0]) / 4);
        await ComesBackAsync(first[..12], before, kind, onlyUsed);
        await ComesBackAsync("latest:one", image, kind, onlyUsed);
        if (onlyUsed) return;

        var listed = (await scratch.RunAsync("ls", scratch.Repository, "latest", "--json")).Well().Json.GetProperty("disks")[0];
        listed.GetProperty("length").GetInt64().ShouldBe(384 << 20);
        listed.GetProperty("volumes")[0].GetProperty("kind").GetString().ShouldBe(kind[..3]);
        listed.GetProperty("volumes")[0].GetProperty("used").GetInt64().ShouldBeInRange(1 << 20, 200 << 20);
    }

    private static long Stored(System.Text.Json.JsonElement point) => point.GetProperty("statistics").GetProperty("stored").GetInt64();

    private async Task ComesBackAsync(string point, string expected, string kind, bool onlyUsed)
    {
        var restored = scratch.PathOf("restored");
        (await scratch.RunAsync("restore", scratch.Repository, point, "--to", restored)).Well();
        if (!onlyUsed)
        {
            Scratch.Sha256(restored).ShouldBe(Scratch.Sha256(expected));
            return;
        }

        // What no file uses is not kept, so the images differ, and their files do not.
        Tool.Run(kind == "xfs" ? "xfs_repair" : "e2fsck", kind == "xfs" ? ["-n", restored] : ["-fn", restored]);
        Files(restored).ShouldBe(Files(expected));
    }

    private string Files(string image)
    {
        var text = "";
        scratch.Mounted(image, at => text = Tool.Run("sh", "-c", $"cd '{at}' && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum"));
        return text;
    }
}
