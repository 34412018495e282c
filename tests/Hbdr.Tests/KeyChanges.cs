using Shouldly;
using Xunit;

namespace HyperBdr.Hbdr.Tests;

public sealed class KeyChanges : IDisposable
{
    private const int Mib = 1 << 20;
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task A_bare_machine_restores_with_the_escrow_key_alone_also_after_rotations()
    {
        var (secret, open) = (scratch.PathOf("escrow.pem"), scratch.PathOf("escrow-public.pem"));
        Tool.Run("openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", secret);
        Tool.Run("openssl", "ec", "-in", secret, "-pubout", "-out", open);
        var image = scratch.Image("image", 16 * Mib, 1, (0, 8 * Mib));
        (await scratch.RunAsync("init", scratch.Repository, "--escrow", open)).Well();
        await scratch.BackUpAsync(image);
        for (var epoch = 2; epoch <= 3; epoch++)
        {
            (await scratch.RunAsync("keys", "rotate", scratch.Repository, "--json")).Well().Json.GetProperty("seal_epoch").GetInt32().ShouldBe(epoch);
            Scratch.Change(image, epoch * Mib, 100_000, epoch);
            await scratch.BackUpAsync(image);
        }

        var restored = scratch.PathOf("restored");
        Directory.Delete(scratch.Cache, recursive: true);
        File.Delete(scratch.KeyFile);
        (await scratch.RunAsync(["restore", scratch.Repository, "latest", "--to", restored, "--escrow-key", secret], new() { ["HBDR_CACHE"] = scratch.PathOf("new-cache") })).Well();
        Scratch.Sha256(restored).ShouldBe(Scratch.Sha256(image));
    }

    [Fact]
    public async Task Keys_come_and_go_but_the_last_one_stays()
    {
        await scratch.InitAsync();
        var passphrase = scratch.PathOf("passphrase");
        await File.WriteAllTextAsync(passphrase, "correct horse\nsecond line\n", TestContext.Current.CancellationToken);
        (await scratch.RunAsync("keys", "add", scratch.Repository, "--new-passphrase-file", passphrase, "--label", "paper")).Well();
        var keys = (await scratch.RunAsync("keys", "list", scratch.Repository, "--json")).Well().Json.GetProperty("keys").EnumerateArray().ToList();
        keys.Select(k => k.GetProperty("kind").GetString()).ShouldBe(["raw", "passphrase"]);
        keys[1].GetProperty("label").GetString().ShouldBe("paper");

        var first = keys[0].GetProperty("id").GetString()!;
        (await scratch.RunAsync("keys", "remove", scratch.Repository, first[..8])).Well();
        (await scratch.RunAsync("points", scratch.Repository)).Failed(2, "engine.repository.wrong_key");
        (await scratch.RunAsync(["points", scratch.Repository, "--passphrase-env", "P"], new() { ["P"] = "correct horse" })).Well();
        (await scratch.RunAsync(["points", scratch.Repository, "--passphrase-env", "P"], new() { ["P"] = "wrong horse" })).Failed(2, "engine.repository.wrong_key");
        var last = keys[1].GetProperty("id").GetString()!;
        (await scratch.RunAsync("keys", "remove", scratch.Repository, last, "--passphrase-file", passphrase)).Failed(8, "engine.protected");
    }

    [Fact]
    public async Task Exported_keys_open_a_repository_that_lost_its_own()
    {
        await scratch.InitAsync();
        (await scratch.RunAsync("keys", "rotate", scratch.Repository)).Well();
        var copy = scratch.PathOf("copy");
        (await scratch.RunAsync("keys", "export", scratch.Repository, "--to", copy)).Well();
        foreach (var lost in (string[])["keys", "keyring"]) Directory.Delete(Path.Combine(scratch.Repository, lost), recursive: true);
        (await scratch.RunAsync("points", scratch.Repository)).ExitCode.ShouldBe(2);
        Tool.Run("cp", "-r", $"{copy}/keys", $"{copy}/keyring", scratch.Repository);
        (await scratch.RunAsync("keys", "list", scratch.Repository, "--json")).Well().Json.GetProperty("seal_epoch").GetInt32().ShouldBe(2);
    }
}
