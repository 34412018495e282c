using System.Text.Json;
using HyperBdr.Demo;
using HyperBdr.Demo.Guest;
using HyperBdr.Demo.Ledger;
using Shouldly;
using Xunit;

namespace HyperBdr.ProtectTests;

/// <summary>The production host in QEMU and its ledger, with the repository engine's own tool in the agent's place.</summary>
public sealed class ProductionHostTests : IDisposable
{
    private readonly Scratch scratch = new();
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task Points_of_a_live_host_that_were_taken_while_it_was_frozen_restore_to_one_state_of_the_ledger_with_every_order_whole()
    {
        await using var host = await ProductionHost.BootAsync(new GuestFolder(Scratch.Root), scratch.Path("host"), TimeProvider.System, Ct);
        var first = await FrozenBackupAsync(host);
        await OrdersAsync(host, first.Orders + 20);
        var second = await FrozenBackupAsync(host);
        await OrdersAsync(host, second.Orders + 5);
        await host.PowerOffAsync(Ct);

        foreach (var point in new[] { first, second })
        {
            foreach (var disk in host.Disks)
            {
                var restored = scratch.Path("restored.raw");
                await HbdrAsync("restore", Repository, point.Id, "--disk", disk.Name, "--to", restored, "--quiet");
                using var history = await disk.HistoryAsync(Ct);
                var run = history.Matching(restored).ShouldHaveSingleItem();
                run.Touches(point.FrozenAt, point.ThawedAt).ShouldBeTrue($"{disk.Name} was so from {run.From:O} to {run.Until:O}, frozen from {point.FrozenAt:O} to {point.ThawedAt:O}");
                history.HashAt(run.First).ShouldBe(await DiskHash.OfAsync(restored, Ct));
                if (disk == host.Disks[1]) await OrdersAreWholeAsync(restored, point.Orders);
                File.Delete(restored);
            }
        }
    }

    [Fact]
    public async Task A_host_that_is_switched_off_leaves_clean_file_systems_and_a_ledger_that_replays_to_its_disks()
    {
        await using var host = await ProductionHost.BootAsync(new GuestFolder(Scratch.Root), scratch.Path("host"), TimeProvider.System, Ct);
        await OrdersAsync(host, 25);
        await host.PowerOffAsync(Ct);

        (await File.ReadAllTextAsync(host.SerialLog, Ct)).ShouldContain("PRODUCTION-OFF");
        foreach (var disk in host.Disks)
        {
            disk.Disk.WrittenBytes.ShouldBeGreaterThan(0);
            using var history = await disk.HistoryAsync(Ct);
            history.HashAt(history.Entries.Count).ShouldBe(await DiskHash.OfAsync(disk.Disk.Name, Ct));
            history.HashAt(0).ShouldBe(await DiskHash.OfAsync(disk.FirstPath, Ct));
            (await Tool.RunAsync("/sbin/e2fsck", ["-fn", $"{disk.Disk.Name}?offset={1 << 20}"], Ct)).ShouldContain("non-contiguous");
        }
    }

    private string Repository => scratch.Path("repository");

    private static Task OrdersAsync(ProductionHost host, long count) => Waits.UntilAsync($"{count} orders", TimeSpan.FromMinutes(1), async () => await host.OrdersAsync(Ct) >= count, Ct);

    /// <summary>Freezes as an agent does, and lets the tool read both disks while they stand still.</summary>
    private async Task<Taken> FrozenBackupAsync(ProductionHost host)
    {
        if (!Directory.Exists(Repository)) await HbdrAsync("init", Repository, "--quiet");
        await host.Console.RunAsync("sync; fsfreeze --freeze /data && fsfreeze --freeze /", Ct);
        var frozenAt = TimeProvider.System.GetUtcNow();
        try
        {
            var orders = await host.OrdersAsync(Ct);
            var said = await HbdrAsync(["backup", Repository, "--host", "production", "--json", .. host.Disks.Select(d => $"{d.Name}={host.ReadUri(d)}")]);
            return new(JsonSerializer.Deserialize<JsonElement>(said).GetProperty("point").GetProperty("id").GetString()!, frozenAt, TimeProvider.System.GetUtcNow(), orders);
        }
        finally
        {
            await host.Console.RunAsync("fsfreeze --unfreeze /; fsfreeze --unfreeze /data", CancellationToken.None);
        }
    }

    private async Task OrdersAreWholeAsync(string restored, long newest)
    {
        var book = await OrderBook.ReadAsync(restored, scratch.Path("orders"), Ct);
        book.Newest.ShouldBe(newest);
        (book.Whole + book.Broken.Count).ShouldBe((int)Math.Min(newest, 64));
        book.IsConsistent.ShouldBeTrue(string.Join(' ', book.Broken));
    }

    private async Task<string> HbdrAsync(params string[] arguments) => await Tool.RunAsync(
        await HbdrTool.PathAsync(), arguments, Ct,
        new Dictionary<string, string?>(StringComparer.Ordinal) { ["HBDR_KEY_FILE"] = scratch.Path("key"), ["HBDR_CACHE"] = scratch.Path("cache") });

    private sealed record Taken(string Id, DateTimeOffset FrozenAt, DateTimeOffset ThawedAt, long Orders);
}
