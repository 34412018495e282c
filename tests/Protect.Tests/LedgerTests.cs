using System.Security.Cryptography;
using HyperBdr.Demo.Ledger;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Nbd;
using Shouldly;
using Xunit;

namespace HyperBdr.ProtectTests;

public sealed class LedgerTests : IDisposable
{
    private const int Length = 64 * Block.Size;
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task Every_prefix_replays_to_what_the_disk_was_then()
    {
        var states = new List<byte[]> { await FirstAsync(seed: 1) };
        await using var disk = Open();
        var random = new Random(2);
        for (var i = 0; i < 120; i++) states.Add(await ChangeAsync(disk, random, states[^1]));

        using var history = LedgerHistory.Open(scratch.Path("first"), scratch.Path("journal"), await disk.SettleAsync(CancellationToken.None));

        history.Entries.Count.ShouldBe(120);
        for (var prefix = 0; prefix < states.Count; prefix++) history.HashAt(prefix).ShouldBe(Convert.ToHexStringLower(SHA256.HashData(states[prefix])), $"prefix {prefix}");
        history.HashAt(120).ShouldBe(await DiskHash.OfAsync(scratch.Path("image"), CancellationToken.None));
    }

    [Fact]
    public async Task An_image_is_found_at_exactly_the_prefixes_that_have_its_content()
    {
        var states = new List<byte[]> { await FirstAsync(seed: 3) };
        await using var disk = Open();
        var random = new Random(4);
        for (var i = 0; i < 80; i++) states.Add(await ChangeAsync(disk, random, states[^1]));
        using var history = LedgerHistory.Open(scratch.Path("first"), scratch.Path("journal"), await disk.SettleAsync(CancellationToken.None));

        foreach (var prefix in new[] { 0, 1, 17, 40, 79, 80 })
        {
            await File.WriteAllBytesAsync(scratch.Path("restored"), states[prefix]);
            var expected = Enumerable.Range(0, states.Count).Where(i => states[i].AsSpan().SequenceEqual(states[prefix]));
            history.Matching(scratch.Path("restored")).SelectMany(r => Enumerable.Range((int)r.First, (int)(r.Last - r.First + 1))).ShouldBe(expected);
        }
    }

    [Fact]
    public async Task A_content_that_comes_back_is_two_runs_and_one_flipped_bit_is_none()
    {
        var first = await FirstAsync(seed: 5);
        await using var disk = Open();
        await disk.WriteAsync(0, new byte[Block.Size], CancellationToken.None);
        await disk.WriteAsync(0, first.AsMemory(0, Block.Size), CancellationToken.None);
        await disk.FlushAsync(CancellationToken.None);
        using var history = LedgerHistory.Open(scratch.Path("first"), scratch.Path("journal"), await disk.SettleAsync(CancellationToken.None));

        history.Matching(scratch.Path("first")).Select(r => (r.First, r.Last)).ShouldBe([(0, 0), (2, 3)]);
        first[12345] ^= 1;
        await File.WriteAllBytesAsync(scratch.Path("restored"), first);
        history.Matching(scratch.Path("restored")).ShouldBeEmpty();
        await File.WriteAllBytesAsync(scratch.Path("short"), first[..^Block.Size]);
        history.Matching(scratch.Path("short")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_journal_that_was_cut_or_changed_is_refused()
    {
        await FirstAsync(seed: 6);
        await using (var disk = Open())
        {
            await disk.WriteAsync(0, new byte[Block.Size], CancellationToken.None);
            await disk.WriteAsync(Block.Size, new byte[Block.Size], CancellationToken.None);
        }

        var journal = await File.ReadAllBytesAsync(scratch.Path("journal"));
        Refused(journal, 3);
        Refused(journal[..^(Block.Size + 1)], 2);
        Refused([.. journal[..16], 9, .. journal[17..]], 2);
        Refused([0, .. journal[1..]], 2);
    }

    [Fact]
    public async Task What_clients_of_the_block_protocol_write_zero_and_trim_is_in_the_ledger()
    {
        await FirstAsync(seed: 7);
        await using var disk = Open();
        await using (var server = new NbdServer([new("disk", disk, disk)]))
        {
            server.ListenUnix(scratch.Path("sock"));
            // A part of a block, a large write, zeros with and without a hole, a trim of part blocks, a flush.
            await HyperBdr.Demo.Tool.RunAsync(
                "qemu-io",
                [
                    "-f", "raw", "-d", "unmap", "-c", "write -P 1 512 1024", "-c", "write -P 2 8k 64k", "-c", "write -z 16k 8k", "-c", "write -z -u 32k 6k",
                    "-c", "discard 130k 20k", "-c", "flush", $"nbd+unix:///disk?socket={scratch.Path("sock")}",
                ],
                CancellationToken.None);
        }

        using var history = LedgerHistory.Open(scratch.Path("first"), scratch.Path("journal"), await disk.SettleAsync(CancellationToken.None));
        history.Entries.Select(e => e.Kind).Distinct().Order().ShouldBe([LedgerKind.Write, LedgerKind.Zero, LedgerKind.Flush]);
        history.HashAt(history.Entries.Count).ShouldBe(await DiskHash.OfAsync(scratch.Path("image"), CancellationToken.None));
        history.HashAt(0).ShouldNotBe(history.HashAt(history.Entries.Count));
    }

    private void Refused(byte[] journal, long count)
    {
        File.WriteAllBytes(scratch.Path("bad"), journal);
        Should.Throw<InvalidDataException>(() => LedgerHistory.Open(scratch.Path("first"), scratch.Path("bad"), count).Dispose());
    }

    private LedgerDisk Open() => LedgerDisk.Open(scratch.Path("image"), scratch.Path("journal"), TimeProvider.System);

    private async Task<byte[]> FirstAsync(int seed)
    {
        var content = new byte[Length];
        new Random(seed).NextBytes(content);
        await File.WriteAllBytesAsync(scratch.Path("first"), content);
        File.Copy(scratch.Path("first"), scratch.Path("image"));
        return content;
    }

    /// <summary>Some change of the disk, and its content after it.</summary>
    private static async Task<byte[]> ChangeAsync(LedgerDisk disk, Random random, byte[] before)
    {
        var after = before.ToArray();
        var count = random.Next(1, 9) * Block.Size;
        var offset = random.Next(0, (Length - count) / Block.Size + 1) * Block.Size;
        switch (random.Next(8))
        {
            case 0:
                await disk.FlushAsync(CancellationToken.None);
                break;
            case 1:
                Array.Clear(after, offset, count);
                await disk.ZeroAsync(new(offset, count), CancellationToken.None);
                break;
            default:
                random.NextBytes(after.AsSpan(offset, count));
                await disk.WriteAsync(offset, after.AsMemory(offset, count), CancellationToken.None);
                break;
        }

        return after;
    }
}
