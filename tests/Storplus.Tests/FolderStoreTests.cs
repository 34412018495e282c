using System.Diagnostics;
using System.Text;
using HyperBdr.Storplus.Stores;
using Shouldly;
using Xunit;

namespace HyperBdr.Storplus.Tests;

/// <summary>What every store promises; each kind of store runs all of it.</summary>
public abstract class BlobStoreContract
{
    [Fact]
    public async Task A_put_is_readable_at_once_and_never_overwrites()
    {
        await using var store = await OpenAsync();
        (await store.PutAsync("a/b", "first"u8.ToArray(), default)).ShouldBe(PutOutcome.Created);
        (await store.PutAsync("a/b", "other"u8.ToArray(), default)).ShouldBe(PutOutcome.AlreadyThere);
        (await TextAsync(store, "a/b")).ShouldBe("first");
    }

    [Fact]
    public async Task Of_many_writers_at_once_exactly_one_creates()
    {
        await using var store = await OpenAsync();
        for (var round = 0; round < 5; round++)
        {
            var name = $"race/{round}";
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(async i => (Writer: i, Outcome: await store.PutAsync(name, Encoding.ASCII.GetBytes($"writer {i}"), default))));
            var winner = outcomes.Single(o => o.Outcome == PutOutcome.Created).Writer;
            (await TextAsync(store, name)).ShouldBe($"writer {winner}");
        }
    }

    [Fact]
    public async Task A_range_ends_with_the_blob()
    {
        await using var store = await OpenAsync();
        await store.PutAsync("r", "0123456789"u8.ToArray(), default);
        var into = new byte[4];
        (await store.ReadAsync("r", 3, into, default)).ShouldBe(4);
        Encoding.ASCII.GetString(into).ShouldBe("3456");
        (await store.ReadAsync("r", 8, into, default)).ShouldBe(2);
        (await store.ReadAsync("r", 10, into, default)).ShouldBe(0);
    }

    [Fact]
    public async Task A_list_shows_the_prefix_and_nothing_else_and_deletes_are_idempotent()
    {
        await using var store = await OpenAsync();
        foreach (var name in new[] { "p/1", "p/2", "p/deep/3", "q/4", "p2" }) await store.PutAsync(name, Encoding.ASCII.GetBytes(name), default);
        (await NamesAsync(store, "p/")).ShouldBe(["p/1", "p/2", "p/deep/3"]);
        await store.DeleteAsync("p/1", default);
        await store.DeleteAsync("p/1", default);
        await store.DeleteAsync("never/there", default);
        (await NamesAsync(store, "")).ShouldBe(["p/2", "p/deep/3", "p2", "q/4"]);
    }

    [Fact]
    public async Task A_blob_that_is_not_there_is_a_named_fault()
    {
        await using var store = await OpenAsync();
        (await Should.ThrowAsync<StoreException>(() => store.ReadAsync("none", 0, new byte[1], default))).Fault.ShouldBe(StoreFault.BlobMissing);
    }

    private protected abstract Task<IBlobStore> OpenAsync();

    private static async Task<string> TextAsync(IBlobStore store, string name)
    {
        var into = new byte[100];
        return Encoding.ASCII.GetString(into, 0, await store.ReadAsync(name, 0, into, default));
    }

    private static async Task<List<string>> NamesAsync(IBlobStore store, string prefix)
    {
        var names = new List<string>();
        await foreach (var blob in store.ListAsync(prefix, default)) names.Add(blob.Name);
        names.Sort(StringComparer.Ordinal);
        return names;
    }
}

public sealed class S3StoreTests : BlobStoreContract, IAsyncLifetime
{
    private StrictS3 server = null!;

    public async ValueTask InitializeAsync() => server = await Stores.StrictAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private protected override async Task<IBlobStore> OpenAsync()
    {
        var store = Stores.S3(server);
        await store.OpenAsync(default);
        return store;
    }
}

public sealed class FolderStoreTests : BlobStoreContract, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hyperbdr-folder-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Names_that_lead_out_are_refused()
    {
        await using var store = await OpenAsync();
        foreach (var name in new[] { "../x", "a/../../x", "/etc/x", "a//b", ".tmp/x", "", "a/", "a\0b" })
            await Should.ThrowAsync<ArgumentException>(() => store.PutAsync(name, "x"u8.ToArray(), default));
    }

    [Theory]
    [InlineData("full")]
    [InlineData("read_only")]
    public async Task A_full_or_read_only_disk_is_named_and_leaves_nothing(string kind)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root to mount a small file system");
        // A file system of 32 KiB for a blob of 64 KiB.
        await MountAsync("-t", "tmpfs", "-o", kind == "full" ? "size=32k" : "size=1m,ro", "tmpfs", folder);
        try
        {
            await using var store = new FolderStore(Path.Combine(folder, "pool"));
            var outcome = await Stores.ProbeAsync(store);
            outcome.Code.ShouldBe($"storplus.probe.{kind}", outcome.Message);
            Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ShouldBeEmpty();
        }
        finally
        {
            using var umount = Process.Start("umount", [folder]);
            await umount.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_healthy_folder_passes_the_probe()
    {
        await using var store = await OpenAsync();
        var outcome = await Stores.ProbeAsync(store);
        outcome.Passed.ShouldBeTrue(outcome.Message);
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_where_the_folder_should_be_is_named()
    {
        var path = Path.Combine(folder, "pool");
        await File.WriteAllTextAsync(path, "in the way");
        await using var store = new FolderStore(path);
        (await Stores.ProbeAsync(store)).Passed.ShouldBeFalse();
    }

    private protected override async Task<IBlobStore> OpenAsync()
    {
        var store = new FolderStore(Path.Combine(folder, "pool"));
        await store.OpenAsync(default);
        return store;
    }

    private static async Task MountAsync(params string[] arguments)
    {
        using var mount = Process.Start("mount", arguments);
        await mount.WaitForExitAsync();
        Assert.SkipUnless(mount.ExitCode == 0, "cannot mount here");
    }
}
