using System.Buffers.Binary;
using CsCheck;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;
using HyperBdr.Engine.Packs;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Index;

public class IndexObjectTests
{
    private static readonly PackEntry[] Two = [Packed.Entry(1, Enumerable.Range(0, 40)), Packed.Entry(5, 7, 300)];

    [Fact]
    public void What_was_encoded_decodes_to_the_same() =>
        Gen.Select(Gen.Int[0, 1000].Array[1, 60], Gen.Int[1, 8]).Sample((chunks, packs) =>
        {
            var entries = Enumerable.Range(0, packs).Select(pack => Packed.Entry(pack, chunks)).ToArray();
            ShouldEqual(IndexObject.Decode(IndexObject.Encode(entries)), entries);
        });

    [Fact]
    public void The_bytes_are_those_of_the_format_document()
    {
        var pack = new PackEntry(Packed.Pack(3), PackKind.Map, 0x01020304, [new BlobEntry(Packed.Chunk(9), 200, 300, Compression.Lz4)]);
        byte[] expected =
        [
            .. "HBIX"u8, 1, 0, 0, 0, 1,
            .. Packed.Pack(3).Value.ToArray(), 1, 0x04, 0x03, 0x02, 0x01, 1,
            .. Packed.Chunk(9).Value.ToArray(), 0xC8, 0x01, 0xAC, 0x02, 2,
        ];
        IndexObject.Encode([pack]).ShouldBe(expected);
    }

    [Fact]
    public void Every_cut_is_refused_as_corrupt()
    {
        var bytes = IndexObject.Encode(Two);
        for (var length = 0; length < bytes.Length; length++) Refusal(bytes.AsSpan(0, length)).ShouldBe(Fault.Corrupt, $"at {length}");
        Refusal([.. bytes, 0]).ShouldBe(Fault.Corrupt);
    }

    [Fact]
    public void A_changed_byte_gives_a_fault_or_an_object_that_encodes_to_those_bytes() =>
        Gen.Select(Gen.Int[0, 1600], Gen.Byte[1, 255]).Sample((at, change) =>
        {
            var bytes = IndexObject.Encode(Two);
            bytes[at % bytes.Length] ^= change;
            if (Refusal(bytes) is { } fault) fault.ShouldBeOneOf(Fault.Corrupt, Fault.NewerFormat);
            else IndexObject.Encode(IndexObject.Decode(bytes)).ShouldBe(bytes);
        }, iter: 5000);

    [Fact]
    public void Random_bytes_behind_a_good_header_are_refused() =>
        Gen.Byte.Array[0, 400].Sample(tail => Refusal([.. "HBIX"u8, 1, 0, 0, 0, .. tail]).ShouldBe(Fault.Corrupt), iter: 5000);

    [Theory]
    [InlineData(4, 2)]
    [InlineData(6, 1)]
    [InlineData(7, 0x80)]
    public void A_newer_version_or_an_unknown_flag_is_called_newer(int at, byte value)
    {
        var bytes = IndexObject.Encode(Two);
        bytes[at] = value;
        Refusal(bytes).ShouldBe(Fault.NewerFormat);
    }

    [Fact]
    public void A_huge_count_allocates_nothing()
    {
        byte[] manyPacks = [.. "HBIX"u8, 1, 0, 0, 0, 0x80, 0x80, 0x04];
        byte[] manyBlobs = [.. "HBIX"u8, 1, 0, 0, 0, 1, .. Packed.Pack(1).Value.ToArray(), 0, 0xFF, 0xFF, 0, 0, 0x80, 0x40, .. new byte[40]];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refusal(manyPacks).ShouldBe(Fault.Corrupt);
        Refusal(manyBlobs).ShouldBe(Fault.Corrupt);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(64 * 1024);
    }

    public static TheoryData<string, PackEntry[]> Bad()
    {
        var good = Packed.Entry(1, 1, 2, 3);
        var blob = good.Blobs[0];
        PackEntry With(BlobEntry one) => good with { Length = PackLayout.MaxPackBytes, Blobs = [one] };
        return new TheoryData<string, PackEntry[]>
        {
            { "no pack", [] },
            { "no blob", [good with { Blobs = [] }] },
            { "a pack twice", [good, good] },
            { "an unknown kind", [good with { Kind = (PackKind)2 }] },
            { "blobs beyond the end", [good with { Length = good.Length - 101 }] },
            { "too long a pack", [good with { Length = PackLayout.MaxPackBytes + 1 }] },
            { "a hole", [With(blob with { Id = default })] },
            { "an empty blob", [With(blob with { PlainLength = 0 })] },
            { "too much plain", [With(blob with { PlainLength = PackLayout.MaxBlobPlain + 1 })] },
            { "a bare tag", [With(blob with { SealedLength = 16 })] },
            { "too much sealed", [With(blob with { SealedLength = PackLayout.MaxBlobPlain + 17 })] },
            { "an unknown compression", [With(blob with { Compression = (Compression)3 })] },
            { "too many blobs in a pack", [good with { Length = PackLayout.MaxPackBytes, Blobs = Packed.Entry(1, Enumerable.Range(0, 8193)).Blobs }] },
            { "too many blobs", [.. Enumerable.Range(0, 9).Select(pack => Packed.Entry(pack, Enumerable.Range(0, 7300)))] },
        };
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void The_encoder_refuses_what_the_decoder_would(string what, PackEntry[] packs) =>
        Should.Throw<EngineException>(() => IndexObject.Encode(packs), what).Fault.ShouldBe(Fault.InvalidArgument);

    [Fact]
    public void The_decoder_refuses_blobs_beyond_the_end_of_their_pack()
    {
        var pack = Packed.Entry(1, 1, 2, 3);
        var bytes = IndexObject.Encode([pack]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(9 + 33), pack.Length - 100);
        IndexObject.Decode(bytes).Count.ShouldBe(1);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(9 + 33), pack.Length - 101);
        Refusal(bytes).ShouldBe(Fault.Corrupt);
    }

    [Fact]
    public void A_number_has_one_form()
    {
        var bytes = IndexObject.Encode([Packed.Entry(1, 1)]);
        byte[] longer = [.. bytes[..8], 0x81, 0x00, .. bytes[9..]];
        Refusal(longer).ShouldBe(Fault.Corrupt);
    }

    private static Fault? Refusal(ReadOnlySpan<byte> bytes)
    {
        try
        {
            IndexObject.Decode(bytes);
            return null;
        }
        catch (EngineException e)
        {
            return e.Fault;
        }
    }

    private static void ShouldEqual(IReadOnlyList<PackEntry> read, PackEntry[] written)
    {
        read.Count.ShouldBe(written.Length);
        for (var i = 0; i < read.Count; i++)
        {
            (read[i] with { Blobs = [] }).ShouldBe(written[i] with { Blobs = [] });
            read[i].Blobs.ShouldBe(written[i].Blobs);
        }
    }
}
