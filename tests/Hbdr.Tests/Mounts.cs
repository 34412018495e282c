using System.Globalization;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace HyperBdr.Hbdr.Tests;

public sealed class Mounts : IDisposable
{
    private const int Mib = 1 << 20;
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task A_disk_is_used_over_nbd_without_being_restored_and_keeps_what_is_written_apart()
    {
        var image = scratch.Image("image", 64 * Mib, 1, (0, 20 * Mib));
        await scratch.InitAsync();
        await scratch.BackUpAsync(image);
        string[] mount = ["mount-nbd", scratch.Repository, "latest", "--socket", scratch.PathOf("socket"), "--writable", scratch.PathOf("overlay"), "--json"];
        await WhileMountedAsync(mount, uri =>
        {
            Tool.Run("nbdcopy", uri, scratch.PathOf("copy"));
            Tool.Run("qemu-io", "-f", "raw", "-c", "write -P 7 1M 8k", uri);
        });
        Scratch.Sha256(scratch.PathOf("copy")).ShouldBe(Scratch.Sha256(image));

        // What was written is there the next time, and a source of a backup.
        await WhileMountedAsync(mount, uri =>
        {
            Tool.Run("qemu-io", "-f", "raw", "-c", "read -P 7 1M 8k", uri).ShouldNotContain("failed");
            scratch.BackUpAsync(uri).GetAwaiter().GetResult();
        });
        (await scratch.RunAsync("restore", scratch.Repository, "latest", "--to", scratch.PathOf("restored"))).Well();
        var expected = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        expected.AsSpan(Mib, 8192).Fill(7);
        (await File.ReadAllBytesAsync(scratch.PathOf("restored"), TestContext.Current.CancellationToken)).AsSpan().SequenceEqual(expected).ShouldBeTrue();
    }

    [Fact]
    public async Task A_profile_is_noted_by_one_mount_and_used_by_the_next()
    {
        var image = scratch.Image("image", 16 * Mib, 1, (0, 16 * Mib));
        await scratch.InitAsync();
        await scratch.BackUpAsync(image);
        var profile = scratch.PathOf("profile");
        string[] mount = ["mount-nbd", scratch.Repository, "latest", "--socket", scratch.PathOf("socket"), "--profile", profile, "--json"];
        await WhileMountedAsync(mount, static _ => { });
        File.Exists(profile).ShouldBeFalse("nothing was read");
        await WhileMountedAsync(mount, static uri => Tool.Run("qemu-io", "-r", "-f", "raw", "-c", "read 8M 64k", "-c", "read 1M 64k", uri));
        var noted = Scratch.Sha256(profile);
        new FileInfo(profile).Length.ShouldBeGreaterThan(32);
        await WhileMountedAsync(mount, uri => Tool.Run("nbdcopy", uri, scratch.PathOf("copy")));
        Scratch.Sha256(scratch.PathOf("copy")).ShouldBe(Scratch.Sha256(image));
        Scratch.Sha256(profile).ShouldBe(noted);
    }

    private async Task WhileMountedAsync(string[] command, Action<string> work)
    {
        using var process = scratch.Start(command, []);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            line.ShouldNotBeNull();
            work(JsonSerializer.Deserialize<JsonElement>(line).GetProperty("uri").GetString()!);
        }
        finally
        {
            Tool.Run("kill", "-INT", process.Id.ToString(CultureInfo.InvariantCulture));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        process.ExitCode.ShouldBe(0, await error);
    }
}
