using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Stores.Validation;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Stores;

public sealed class FolderStoreTests : IAsyncDisposable
{
    private static readonly BlobName Name = new("packs/ab/one");
    private readonly ScratchFolder scratch = new();
    private readonly FolderStore store;

    public FolderStoreTests() => store = new FolderStore(scratch["store"]);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        scratch.Dispose();
    }

    [Fact]
    public Task It_keeps_the_whole_contract() => ContractRun.HoldsAsync(store, StoreContractOptions.Full);

    [Fact]
    public async Task Nothing_is_touched_before_the_first_put()
    {
        (await store.FindAsync(Name, Ct)).ShouldBeNull();
        (await store.ListAsync("", Ct).ToListAsync(Ct)).ShouldBeEmpty();
        await store.DeleteAsync(Name, Ct);
        Directory.Exists(scratch["store"]).ShouldBeFalse();
    }

    [Fact]
    public async Task Files_and_folders_are_for_their_owner_only()
    {
        await store.PutAsync(Name, new byte[] { 1 }, Ct);
        var paths = Directory.EnumerateFileSystemEntries(scratch["store"], "*", SearchOption.AllDirectories).ToList();
        paths.Count.ShouldBe(4);
        foreach (var path in paths) (File.GetUnixFileMode(path) & (UnixFileMode)0b000_111_111).ShouldBe(UnixFileMode.None, path);
    }

    [Fact]
    public async Task No_draft_stays_after_a_put_that_succeeds_is_refused_or_repeated()
    {
        await store.PutAsync(Name, new byte[] { 1 }, Ct);
        await store.PutAsync(Name, new byte[] { 1 }, Ct);
        await Should.ThrowAsync<EngineException>(() => store.PutAsync(Name, new byte[] { 2 }, Ct));
        Directory.EnumerateFileSystemEntries(scratch["store/.tmp"]).ShouldBeEmpty();
    }

    [Fact]
    public async Task Drafts_of_killed_processes_go_by_age_and_blobs_stay()
    {
        await store.PutAsync(Name, new byte[] { 1 }, Ct);
        File.WriteAllBytes(scratch["store/.tmp/old"], [1]);
        File.WriteAllBytes(scratch["store/.tmp/young"], [1]);
        var hourAgo = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-1);
        File.SetLastWriteTimeUtc(scratch["store/.tmp/old"], hourAgo);
        File.SetLastWriteTimeUtc(scratch["store/packs/ab/one"], hourAgo);
        (await store.CleanAsync(TimeSpan.FromMinutes(30), Ct)).ShouldBe(1);
        Directory.EnumerateFiles(scratch["store/.tmp"]).ShouldHaveSingleItem().ShouldEndWith("young");
        (await store.FindAsync(Name, Ct)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_link_is_never_followed()
    {
        await store.PutAsync(Name, new byte[] { 1 }, Ct);
        Directory.CreateDirectory(scratch["outside"]);
        File.WriteAllBytes(scratch["outside/secret"], [9]);
        File.CreateSymbolicLink(scratch["store/packs/link"], scratch["outside/secret"]);
        Directory.CreateSymbolicLink(scratch["store/packs/way"], scratch["outside"]);
        foreach (var name in new[] { new BlobName("packs/link"), new BlobName("packs/way/secret") })
        {
            (await store.FindAsync(name, Ct)).ShouldBeNull();
            (await Should.ThrowAsync<EngineException>(() => store.ReadAsync(name, 0, new byte[1], Ct))).Fault.ShouldBe(Fault.NotFound);
            (await Should.ThrowAsync<EngineException>(() => store.PutAsync(name, new byte[] { 9 }, Ct))).Fault.ShouldBe(Fault.NameTaken);
            await store.DeleteAsync(name, Ct);
        }

        (await store.ListAsync("", Ct).ToListAsync(Ct)).ShouldHaveSingleItem().Name.ShouldBe(Name);
        File.ReadAllBytes(scratch["outside/secret"]).ShouldBe([9]);
        Directory.EnumerateFiles(scratch["outside"]).Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_pipe_under_a_name_is_no_blob_and_holds_nobody_up()
    {
        await store.PutAsync(Name, new byte[] { 1 }, Ct);
        await Tool.RunAsync("mkfifo", scratch["store/packs/ab/pipe"]);
        var pipe = new BlobName("packs/ab/pipe");
        (await Should.ThrowAsync<EngineException>(() => store.ReadAsync(pipe, 0, new byte[1], Ct))).Fault.ShouldBe(Fault.NotFound);
        (await Should.ThrowAsync<EngineException>(() => store.PutAsync(pipe, new byte[1], Ct))).Fault.ShouldBe(Fault.NameTaken);
    }

    [Fact]
    public async Task A_name_below_a_blob_and_a_blob_over_a_folder_are_taken()
    {
        await store.PutAsync(Name, new byte[] { 1 }, Ct);
        foreach (var name in new[] { new BlobName("packs/ab/one/more"), new BlobName("packs/ab"), new BlobName("packs") })
        {
            (await Should.ThrowAsync<EngineException>(() => store.PutAsync(name, new byte[] { 1 }, Ct))).Fault.ShouldBe(Fault.NameTaken);
        }
    }

    [Fact]
    public async Task A_blob_that_another_process_deleted_is_gone_here_too_though_it_was_kept_open()
    {
        await store.PutAsync(Name, new byte[] { 1 }, Ct);
        await store.ReadAsync(Name, 0, new byte[1], Ct);
        File.Delete(scratch["store/packs/ab/one"]);
        (await Should.ThrowAsync<EngineException>(() => store.ReadAsync(Name, 0, new byte[1], Ct))).Fault.ShouldBe(Fault.NotFound);
        await store.PutAsync(Name, new byte[] { 2 }, Ct);
        var into = new byte[1];
        await store.ReadAsync(Name, 0, into, Ct);
        into.ShouldBe([2]);
    }

    [Fact]
    public async Task A_folder_that_somebody_tidied_away_is_made_again()
    {
        await store.PutAsync(Name, new byte[] { 1 }, Ct);
        Directory.Delete(scratch["store/packs"], recursive: true);
        Directory.Delete(scratch["store/.tmp"], recursive: true);
        (await store.PutAsync(Name, new byte[] { 1 }, Ct)).ShouldBe(PutOutcome.Created);
    }

    [Fact]
    public async Task A_store_whose_folder_was_replaced_is_unavailable_and_not_empty()
    {
        await store.PutAsync(Name, new byte[] { 1 }, Ct);
        Directory.Move(scratch["store"], scratch["elsewhere"]);
        await GoneAsync();
        Directory.CreateDirectory(scratch["store"]);
        await GoneAsync();
        Directory.Delete(scratch["store"]);
        Directory.Move(scratch["elsewhere"], scratch["store"]);
        (await store.FindAsync(Name, Ct)).ShouldNotBeNull();

        async Task GoneAsync()
        {
            (await Should.ThrowAsync<EngineException>(() => store.FindAsync(Name, Ct))).Fault.ShouldBe(Fault.StoreUnavailable);
            (await Should.ThrowAsync<EngineException>(() => store.PutAsync(Name, new byte[] { 1 }, Ct))).Fault.ShouldBe(Fault.StoreUnavailable);
            (await Should.ThrowAsync<EngineException>(() => store.ListAsync("", Ct).ToListAsync(Ct).AsTask())).Fault.ShouldBe(Fault.StoreUnavailable);
        }
    }

    [Fact]
    public async Task More_blobs_than_stay_open_are_read_side_by_side()
    {
        var names = Enumerable.Range(0, 200).Select(i => new BlobName($"many/{i}")).ToList();
        foreach (var (i, name) in names.Index()) await store.PutAsync(name, BitConverter.GetBytes(i), Ct);
        await Parallel.ForAsync(0, 2000, Ct, async (i, ct) =>
        {
            var into = new byte[4];
            (await store.ReadAsync(names[i * 7 % 200], 0, into, ct)).ShouldBe(4);
            BitConverter.ToInt32(into).ShouldBe(i * 7 % 200);
        });
        Directory.EnumerateFiles("/proc/self/fd").Count(f => new FileInfo(f).LinkTarget?.StartsWith(scratch.Path, StringComparison.Ordinal) == true).ShouldBeLessThanOrEqualTo(64);
    }

    [Theory]
    [InlineData("../")]
    [InlineData("/")]
    [InlineData("packs/../..")]
    [InlineData(".tmp/")]
    public async Task A_listing_never_leaves_the_folder(string prefix) =>
        (await Should.ThrowAsync<EngineException>(() => store.ListAsync(prefix, Ct).ToListAsync(Ct).AsTask())).Fault.ShouldBe(Fault.InvalidArgument);
}
