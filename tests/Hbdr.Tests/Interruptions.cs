using System.Diagnostics;
using System.Globalization;
using Shouldly;
using Xunit;

namespace HyperBdr.Hbdr.Tests;

public sealed class Interruptions : IDisposable
{
    private const int Mib = 1 << 20;
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task A_backup_killed_ten_times_loses_little_and_harms_nothing()
    {
        var earlier = scratch.Image("earlier", 32 * Mib, 1, (0, 16 * Mib));
        var image = scratch.Image("image", 640L * Mib, 2, (0, 600 * Mib));
        await scratch.InitAsync();
        var first = await scratch.BackUpAsync(earlier);
        var before = scratch.StoredBytes();
        string[] command = ["backup", scratch.Repository, image, "--host", "two", "--pack-size", "4MiB"];
        var random = new Random(11);
        for (var kill = 0; kill < 10; kill++) await KillAsync(command, before, random.Next(1, 60) * Mib);

        (await scratch.RunAsync(command)).Well();
        (scratch.StoredBytes() - before).ShouldBeLessThan((long)(1.3 * 600 * Mib));
        foreach (var (point, disk) in new[] { (first, earlier), ("latest:two", image) })
        {
            var restored = scratch.PathOf("restored");
            (await scratch.RunAsync("restore", scratch.Repository, point, "--to", restored)).Well();
            Scratch.Sha256(restored).ShouldBe(Scratch.Sha256(disk));
        }

        (await scratch.RunAsync("points", scratch.Repository, "--json")).Well().Json.GetProperty("points").GetArrayLength().ShouldBe(2);
    }

    [Theory]
    [InlineData("-INT")]
    [InlineData("-TERM")]
    public async Task An_interrupted_backup_ends_with_130_and_the_next_one_goes_on_from_there(string signal)
    {
        var image = scratch.Image("image", 300L * Mib, 2, (0, 300 * Mib));
        await scratch.InitAsync();
        string[] command = ["backup", scratch.Repository, image, "--host", "two", "--json", "--workers", "1", "--pack-size", "2MiB"];
        using (var process = scratch.Start([.. command, "--cpu-share", "0.1"], []))
        {
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEndAsync();
            WaitForStored(process, 40 * Mib);
            Tool.Run("kill", signal, process.Id.ToString(CultureInfo.InvariantCulture));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(130, await error + await output);
            (await error).ShouldContain("will be used again");
            (await output).ShouldContain("hbdr.interrupted");
        }

        var kept = scratch.StoredBytes();
        var stored = (await scratch.RunAsync(command)).Well().Json.GetProperty("point").GetProperty("statistics").GetProperty("stored").GetInt64();
        // Two packs may have been on their way.
        (stored + kept).ShouldBeLessThan(310L * Mib);
    }

    // The moment is a random amount of newly stored bytes, so that the test does not depend on the machine's speed.
    private async Task KillAsync(string[] command, long before, int after)
    {
        using var process = scratch.Start(command, []);
        var (error, output) = (process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
        WaitForStored(process, scratch.StoredBytes() + after);
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await Task.WhenAll(error, output);
        process.ExitCode.ShouldBe(137);
        scratch.StoredBytes().ShouldBeGreaterThan(before);
    }

    private void WaitForStored(Process process, long bytes)
    {
        var limit = Stopwatch.StartNew();
        while (scratch.StoredBytes() < bytes)
        {
            process.HasExited.ShouldBeFalse("the backup ended before it was interrupted");
            limit.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(1));
            Thread.Yield();
        }
    }
}
