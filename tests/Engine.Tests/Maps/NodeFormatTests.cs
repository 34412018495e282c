using System.Buffers.Binary;
using HyperBdr.Engine.Maps;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Maps;

public sealed class NodeFormatTests
{
    /// <summary>Bytes for 2048 chunks in a table and in a set, and as many runs twice.</summary>
    private const int MostAllocated = 256 * 1024;

    private static readonly byte[] A = NaiveDisk.IdOf(1).Value.ToArray();
    private static readonly byte[] B = NaiveDisk.IdOf(2).Value.ToArray();

    [Fact]
    public void A_leaf_has_these_bytes()
    {
        // 4 blocks of A from its block 1, a hole of 300, 1 block of A from 0, 2 of B from 62, and the rest a hole.
        byte[] bytes = [.. "HBML"u8, 1, 0, 0, 0, 2, 0, .. A, .. B, 4, 1, 1, 0xAC, 2, 0, 1, 1, 0, 2, 2, 62, 0xCD, 13, 0];
        var leaf = NodeFormat.Decode(default, bytes).ShouldBeOfType<LeafNode>();
        leaf.Runs.ToArray().ShouldBe(
            [new(0, 4, 1, 1), new(4, 300, 0, 0), new(304, 1, 1, 0), new(305, 2, 2, 62), new(307, 1741, 0, 0)]);
        leaf.Chunks.ToArray().ShouldBe([NaiveDisk.IdOf(1), NaiveDisk.IdOf(2)]);
        NodeBytes.Encode(leaf).ShouldBe(bytes);
    }

    [Fact]
    public void An_inner_node_has_these_bytes()
    {
        byte[] bytes = [.. "HBMI"u8, 1, 0, 2, 0, 0x01, .. new byte[14], 0x80, .. A, .. B];
        var node = NodeFormat.Decode(default, bytes).ShouldBeOfType<InnerNode>();
        (node.Level, node[0], node[1], node[127]).ShouldBe((2, NaiveDisk.IdOf(1), default, NaiveDisk.IdOf(2)));
        NodeBytes.Encode(node).ShouldBe(bytes);
    }

    public static TheoryData<string, byte[]> Refused => new()
    {
        { "nothing", [] },
        { "a header alone", [.. Header("HBML", 0)] },
        { "another magic", [.. Header("HBMX", 0), 1, 0, .. A, 1, 1, 0, 0xFF, 15, 0] },
        { "flags", [.. "HBML"u8, 1, 0, 0, 1, 1, 0, .. A, 1, 1, 0, 0xFF, 15, 0] },
        { "version 0", [.. "HBML"u8, 0, 0, 0, 0, 1, 0, .. A, 1, 1, 0, 0xFF, 15, 0] },
        { "a leaf of level 1", [.. Header("HBML", 1), 1, 0, .. A, 1, 1, 0, 0xFF, 15, 0] },
        { "a leaf that is a hole", [.. Header("HBML", 0), 0, 0, 0x80, 16, 0] },
        { "a table longer than the node", [.. Header("HBML", 0), 0xFF, 0xFF, .. A] },
        { "a byte too many", [.. Leaf(A), 1, 1, 0, 0xFF, 15, 0, 0] },
        { "a byte too few", [.. Leaf(A), 1, 1, 0, 0xFF, 15] },
        { "a leaf of fewer blocks", [.. Leaf(A), 1, 1, 0, 0xFE, 15, 0] },
        { "a leaf of more blocks", [.. Leaf(A), 1, 1, 0, 0x80, 16, 0] },
        { "a run of no blocks", [.. Leaf(A), 0, 0, 1, 1, 0, 0xFF, 15, 0] },
        { "two holes side by side", [.. Leaf(A), 1, 1, 0, 1, 0, 0xFE, 15, 0] },
        { "a run in two pieces", [.. Leaf(A), 1, 1, 0, 1, 1, 1, 0xFE, 15, 0] },
        { "a number in the longer form", [.. Leaf(A), 0x81, 0, 1, 0, 0xFF, 15, 0] },
        { "a number of three bytes", [.. Leaf(A), 1, 1, 0, 0xFF, 0x8F, 1, 0] },
        { "a run beyond the largest chunk", [.. Leaf(A), 2, 1, 63, 0xFE, 15, 0] },
        { "a chunk that is not in the table", [.. Leaf(A), 1, 2, 0, 0xFF, 15, 0] },
        { "a chunk that nothing uses", [.. Leaf(A, B), 1, 1, 0, 0xFF, 15, 0] },
        { "chunks in another order than used", [.. Leaf(A, B), 1, 2, 0, 1, 1, 0, 0xFE, 15, 0] },
        { "a chunk twice in the table", [.. Leaf(A, A), 1, 1, 0, 1, 2, 0, 0xFE, 15, 0] },
        { "a chunk that is none", [.. Leaf(new byte[32]), 1, 1, 0, 0xFF, 15, 0] },
        { "an inner node of level 0", [.. Header("HBMI", 0), 1, .. new byte[15], .. A] },
        { "an inner node of level 5", [.. Header("HBMI", 5), 1, .. new byte[15], .. A] },
        { "an inner node without children", [.. Header("HBMI", 1), .. new byte[16]] },
        { "a child that is none", [.. Header("HBMI", 1), 1, .. new byte[15], .. new byte[32]] },
        { "fewer children than ids", [.. Header("HBMI", 1), 1, .. new byte[15], .. A, .. B] },
        { "more children than ids", [.. Header("HBMI", 1), 3, .. new byte[15], .. A] },
        { "more than the largest node", [.. Leaf(A), 1, 1, 0, 0xFF, 15, 0, .. new byte[MapLimits.MaxNodeBytes]] },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_no_builder_writes_is_refused(string what, byte[] bytes) =>
        Should.Throw<EngineException>(() => NodeFormat.Decode(default, bytes), what).Fault.ShouldBe(Fault.Corrupt);

    [Fact]
    public void A_newer_version_is_named_as_such() =>
        Should.Throw<EngineException>(() => NodeFormat.Decode(default, [.. "HBML"u8, 2, 0, 0, 0, 9, 9])).Fault.ShouldBe(Fault.NewerFormat);

    [Fact]
    public void A_disturbed_node_is_refused_or_is_exactly_the_node_that_its_bytes_say()
    {
        var random = new Random(20_26);
        int refused = 0, accepted = 0;
        foreach (var node in Samples())
        {
            for (var i = 0; i < 500; i++)
            {
                var bytes = Disturb(node, random);
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    // Flipping a bit of an id gives another valid node; only the store's check of the node's own id tells.
                    var decoded = NodeFormat.Decode(default, bytes);
                    (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(MostAllocated);
                    NodeBytes.Encode(decoded).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
                    accepted++;
                }
                catch (EngineException failure)
                {
                    (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(MostAllocated);
                    failure.Fault.ShouldBeOneOf(Fault.Corrupt, Fault.NewerFormat);
                    refused++;
                }
            }
        }

        (refused + accepted).ShouldBe(2500);
        refused.ShouldBeGreaterThan(1000);
        accepted.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void The_largest_leaf_fits_the_largest_node()
    {
        var bytes = LargestLeaf();
        bytes.Length.ShouldBeInRange(70_000, MapLimits.MaxNodeBytes);
        NodeBytes.Encode(NodeFormat.Decode(default, bytes)).ShouldBe(bytes);
    }

    private static byte[] Disturb(byte[] node, Random random)
    {
        var bytes = node.ToArray();
        switch (random.Next(4))
        {
            case 0:
                return bytes[..random.Next(bytes.Length)];
            case 1:
                // Near the end are a leaf's runs, the part with most rules.
                bytes[^(1 + random.Next(Math.Min(40, bytes.Length)))] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 2:
                bytes[random.Next(Math.Min(44, bytes.Length))] ^= (byte)(1 << random.Next(8));
                return bytes;
            default:
                for (var i = random.Next(1, 9); i > 0; i--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
        }
    }

    private static IEnumerable<byte[]> Samples()
    {
        yield return [.. Leaf(A), 1, 1, 0, 0xFF, 15, 0];
        yield return [.. Leaf(A, B), 4, 1, 1, 0xAC, 2, 0, 1, 1, 0, 2, 2, 62, 0xCD, 13, 0];
        yield return LargestLeaf();
        yield return [.. Header("HBMI", 1), 0x81, .. new byte[15], .. A, .. B];
        var full = Enumerable.Range(1, MapLimits.FanOut).Select(NaiveDisk.IdOf).ToArray();
        yield return InnerFormat.Encode(3, full);
    }

    private static byte[] LargestLeaf()
    {
        var draft = new LeafDraft();
        for (var i = 1; i <= MapLimits.LeafBlocks; i++) draft.Append(1, NaiveDisk.IdOf(i), i % 64);
        return draft.Take()!;
    }

    private static byte[] Header(string magic, byte level) => [.. magic.Select(c => (byte)c), 1, 0, level, 0];

    private static byte[] Leaf(params byte[][] table)
    {
        var count = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(count, (ushort)table.Length);
        return [.. Header("HBML", 0), .. count, .. table.SelectMany(id => id)];
    }
}
