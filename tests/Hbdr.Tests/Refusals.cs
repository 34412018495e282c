using System.Buffers.Binary;
using System.Security.Cryptography;
using Shouldly;
using Xunit;

namespace HyperBdr.Hbdr.Tests;

public sealed class Refusals : IDisposable
{
    private const int Mib = 1 << 20;
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("bogus")]
    [InlineData("points")]
    [InlineData("backup", "/nowhere", "disk")]
    [InlineData("points", "/nowhere", "--key-file", "/nowhere/key")]
    [InlineData("points", "ftp://host/place")]
    [InlineData("backup", "/nowhere", "disk", "--host", "h", "--tag", "novalue")]
    [InlineData("backup", "/nowhere", "disk", "--host", "h", "--compression", "rar")]
    public async Task Wrong_usage_is_exit_code_1_and_one_line(params string[] arguments)
    {
        if (arguments is not [_, "/nowhere", "--key-file", ..]) await scratch.InitAsync();
        var ran = await scratch.RunAsync(arguments);
        ran.ExitCode.ShouldBe(1);
        ran.Output.ShouldBeEmpty();
        ran.Error.ShouldStartWith("hbdr: engine.");
        ran.Error.TrimEnd().ShouldNotContain("\n");
    }

    [Fact]
    public async Task A_failure_is_a_document_where_documents_are_asked_for()
    {
        await scratch.InitAsync();
        var ran = await scratch.RunAsync("restore", scratch.Repository, "abcdef", "--to", "x", "--json");
        ran.ExitCode.ShouldBe(1);
        var error = ran.Json.GetProperty("error");
        error.GetProperty("code").GetString().ShouldBe("engine.object.not_found");
        error.GetProperty("subject").GetString().ShouldBe("abcdef");
        error.GetProperty("message").GetString().ShouldNotBeNullOrEmpty();
        (await scratch.RunAsync("bogus", "--json")).Json.GetProperty("error").GetProperty("code").GetString().ShouldBe("engine.argument.invalid");
    }

    [Fact]
    public async Task A_repository_is_never_made_over_another_and_a_key_never_written_over()
    {
        await scratch.InitAsync();
        var key = await File.ReadAllTextAsync(scratch.KeyFile, TestContext.Current.CancellationToken);
        (await scratch.RunAsync("init", scratch.Repository)).Failed(1, "engine.repository.exists");
        (await scratch.RunAsync("init", scratch.PathOf("other"))).Well();
        (await File.ReadAllTextAsync(scratch.KeyFile, TestContext.Current.CancellationToken)).ShouldBe(key);
        (await scratch.RunAsync("init", scratch.PathOf("third"), "--key-file", scratch.PathOf("third/key"))).Failed(1, "engine.argument.invalid");
        File.GetUnixFileMode(scratch.KeyFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task What_cannot_be_opened_is_exit_code_2()
    {
        await scratch.InitAsync();
        (await scratch.RunAsync("init", scratch.PathOf("other"), "--key-file", scratch.PathOf("other-key"))).Well();
        (await scratch.RunAsync("points", scratch.PathOf("nothing"))).Failed(2, "engine.repository.none");
        (await scratch.RunAsync("points", scratch.Repository, "--key-file", scratch.PathOf("other-key"))).Failed(2, "engine.repository.wrong_key");

        var config = Path.Combine(scratch.Repository, "config");
        var bytes = await File.ReadAllBytesAsync(config, TestContext.Current.CancellationToken);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), 2);
        SHA256.HashData(bytes.AsSpan(0, 80), bytes.AsSpan(80, 32));
        Replace(config, bytes);
        (await scratch.RunAsync("points", scratch.Repository)).Failed(2, "engine.repository.newer_format");

        Replace(config, await File.ReadAllBytesAsync(Path.Combine(scratch.PathOf("other"), "config"), TestContext.Current.CancellationToken));
        (await scratch.RunAsync("points", scratch.Repository)).ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task A_source_that_shrinks_ends_the_backup_and_makes_no_point()
    {
        var image = scratch.Image("image", 96 * Mib, 1, (0, 96 * Mib));
        await scratch.InitAsync();
        await scratch.BackUpAsync(image);
        Scratch.Change(image, 90 * Mib, 4096, 4);
        using var process = scratch.Start(["backup", scratch.Repository, image, "--host", "two", "--json", "--progress", "--workers", "1", "--cpu-share", "0.01"], []);
        process.StandardInput.Close();
        var progress = await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
        progress.ShouldNotBeNull();
        progress.ShouldContain("\"doing\":\"backing up two\"");
        using (var file = File.OpenHandle(image, FileMode.Open, FileAccess.Write)) RandomAccess.SetLength(file, 80 * Mib);
        var rest = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        process.ExitCode.ShouldBe(6, output + await rest);
        output.ShouldContain("engine.source.shrank");
        (await scratch.RunAsync("points", scratch.Repository, "--json")).Well().Json.GetProperty("points").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Damage_is_exit_code_5_and_never_restored()
    {
        var image = scratch.Image("image", 8 * Mib, 1, (0, 8 * Mib));
        await scratch.InitAsync();
        var id = await scratch.BackUpAsync(image);
        var pack = scratch.LargestPack();
        Scratch.Change(pack.FullName, pack.Length / 2, 16, 9);
        (await scratch.RunAsync("restore", scratch.Repository, "latest", "--to", scratch.PathOf("out"))).Failed(5, "engine.data.corrupt");

        var manifest = Path.Combine(scratch.Repository, "points", id);
        Scratch.Change(manifest, 20, 4, 9);
        var points = await scratch.RunAsync("points", scratch.Repository, "--json");
        points.ExitCode.ShouldBe(5);
        points.Json.GetProperty("points")[0].GetProperty("state").GetString().ShouldBe("unreadable");
        points.Json.GetProperty("points")[0].GetProperty("fault").GetProperty("code").GetString().ShouldBe("engine.data.corrupt");
        (await scratch.RunAsync("restore", scratch.Repository, id, "--to", scratch.PathOf("out"))).Failed(5, "engine.data.corrupt");
    }

    [Fact]
    public async Task A_target_that_takes_nothing_is_exit_code_7()
    {
        var image = scratch.Image("image", 8 * Mib, 1, (0, 8 * Mib));
        await scratch.InitAsync();
        await scratch.BackUpAsync(image);
        (await scratch.RunAsync("restore", scratch.Repository, "latest", "--to", scratch.PathOf("no-folder/out"))).Failed(7, "engine.target.failed");
        (await scratch.RunAsync("backup", scratch.Repository, scratch.PathOf("missing"), "--host", "h")).Failed(1, "engine.object.not_found");
    }

    private static void Replace(string path, byte[] bytes)
    {
        File.Delete(path);
        File.WriteAllBytes(path, bytes);
    }
}
