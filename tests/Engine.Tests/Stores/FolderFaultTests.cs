using HyperBdr.Engine.IO;
using HyperBdr.Engine.Stores;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Stores;

/// <summary>What real file systems answer when they fail.</summary>
public sealed class FolderFaultTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_is_full_loses_nothing_and_works_again_after_a_delete()
    {
        RootOnly();
        await using var disk = await SmallDisk.MakeAsync(24);
        await using var store = new FolderStore(Path.Combine(disk.Path, "store"));
        var content = new byte[4 << 20];
        new Random(3).NextBytes(content);
        var put = new List<BlobName>();
        var full = await Should.ThrowAsync<EngineException>(async () =>
        {
            for (var i = 0; ; i++)
            {
                content[0] = (byte)i;
                await store.PutAsync(new BlobName($"packs/{i}"), content, Ct);
                put.Add(new BlobName($"packs/{i}"));
            }
        });
        full.Fault.ShouldBe(Fault.StoreFull);
        put.Count.ShouldBeGreaterThan(1);
        foreach (var (i, name) in put.Index())
        {
            var into = new byte[content.Length];
            (await store.ReadAsync(name, 0, into, Ct)).ShouldBe(content.Length);
            into[0].ShouldBe((byte)i);
            into.AsSpan(1).SequenceEqual(content.AsSpan(1)).ShouldBeTrue();
        }

        (await store.ListAsync("", Ct).ToListAsync(Ct)).Count.ShouldBe(put.Count);
        Directory.EnumerateFiles(Path.Combine(disk.Path, "store/.tmp")).ShouldBeEmpty();
        await store.DeleteAsync(put[0], Ct);
        (await store.PutAsync(new BlobName($"packs/{put.Count}"), content, Ct)).ShouldBe(PutOutcome.Created);
    }

    [Fact]
    public async Task A_disk_that_went_read_only_refuses_puts_and_still_reads()
    {
        RootOnly();
        await using var disk = await SmallDisk.MakeAsync(8);
        await using var store = new FolderStore(Path.Combine(disk.Path, "store"));
        await store.PutAsync(new BlobName("one"), new byte[] { 1 }, Ct);
        await disk.RemountReadOnlyAsync();
        (await Should.ThrowAsync<EngineException>(() => store.PutAsync(new BlobName("two"), new byte[] { 1 }, Ct))).Fault.ShouldBe(Fault.StoreRefused);
        (await Should.ThrowAsync<EngineException>(() => store.DeleteAsync(new BlobName("one"), Ct))).Fault.ShouldBe(Fault.StoreRefused);
        (await store.ReadAsync(new BlobName("one"), 0, new byte[1], Ct)).ShouldBe(1);
    }

    [Fact]
    public async Task A_file_where_the_folder_should_be_is_a_failure_and_not_an_empty_store()
    {
        using var scratch = new ScratchFolder();
        File.WriteAllBytes(scratch["file"], []);
        await using var store = new FolderStore(scratch["file"]);
        (await Should.ThrowAsync<EngineException>(() => store.PutAsync(new BlobName("one"), new byte[] { 1 }, Ct))).Fault.ShouldBe(Fault.InvalidArgument);
        (await Should.ThrowAsync<EngineException>(() => store.FindAsync(new BlobName("one"), Ct))).Fault.ShouldBe(Fault.InvalidArgument);
        (await Should.ThrowAsync<EngineException>(() => store.ListAsync("", Ct).ToListAsync(Ct).AsTask())).Fault.ShouldBe(Fault.InvalidArgument);
    }

    [Theory]
    [InlineData(Posix.NoSpace, Fault.StoreFull)]
    [InlineData(Posix.QuotaExceeded, Fault.StoreFull)]
    [InlineData(Posix.AccessRefused, Fault.StoreRefused)]
    [InlineData(Posix.NotPermitted, Fault.StoreRefused)]
    [InlineData(Posix.ReadOnlyFileSystem, Fault.StoreRefused)]
    [InlineData(Posix.IoError, Fault.StoreFailed)]
    [InlineData(Posix.StaleHandle, Fault.StoreUnavailable)]
    [InlineData(Posix.TimedOut, Fault.StoreUnavailable)]
    [InlineData(Posix.TooManyOpen, Fault.StoreUnavailable)]
    public void Each_error_number_has_its_fault(int number, Fault fault) =>
        FolderFaults.Of(new PosixException("pwrite", "x", number), "x").Fault.ShouldBe(fault);

    private static void RootOnly() => Assert.SkipUnless(Environment.IsPrivilegedProcess, "loop devices need root");
}
