using System.Buffers.Binary;
using System.Text;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using Shouldly;
using Xunit;
using static HyperBdr.Engine.Tests.Keys.KeySamples;

namespace HyperBdr.Engine.Tests.Keys;

public sealed class SealedObjects
{
    private const int Limit = 1 << 20;
    private static readonly byte[] Context = "here"u8.ToArray();

    [Theory]
    [InlineData(0, Compression.None)]
    [InlineData(0, Compression.Zstd)]
    [InlineData(1, Compression.Zstd)]
    [InlineData(100_000, Compression.None)]
    [InlineData(100_000, Compression.Zstd)]
    public void What_is_sealed_opens(int length, Compression compression)
    {
        using var ring = Fixed();
        var plain = Encoding.ASCII.GetBytes(new string('x', length));
        var stored = SealedObject.Seal(ring, SealedPurpose.Index, plain, Context, compression);

        Open(ring, stored, SealedPurpose.Index).ShouldBe(plain);
        (stored.Length < 1000).ShouldBe(length < 1000 || compression == Compression.Zstd);
    }

    [Fact]
    public void The_bytes_never_change()
    {
        using var ring = Fixed();
        var stored = SealedObject.Seal(ring, 2, SealedPurpose.Manifest, "forty-two"u8, Context, Compression.None, Salt);
        Convert.ToHexStringLower(stored).ShouldBe(
            "4842534f01000100020000000f1e2d3c4b5a69788796a5b4c3d2e1f009000000606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
            + "e85a7e686d0ef0bec5fa24c2227b3fac7aa480defd75bad3f1");
    }

    [Fact]
    public void Sealing_twice_gives_other_bytes()
    {
        using var ring = Fixed();
        Sealed(ring).ShouldNotBe(Sealed(ring));
    }

    [Fact]
    public void What_does_not_compress_stays_as_it_is()
    {
        using var ring = Fixed();
        var plain = System.Security.Cryptography.RandomNumberGenerator.GetBytes(5000);
        var stored = SealedObject.Seal(ring, SealedPurpose.Manifest, plain, Context, Compression.Zstd);
        stored.Length.ShouldBe(5000 + SealedObject.Overhead);
        Open(ring, stored).ShouldBe(plain);
    }

    [Fact]
    public void Another_context_or_purpose_does_not_open()
    {
        using var ring = Fixed();
        var stored = Sealed(ring);
        FaultOf(() => SealedObject.Open(ring, SealedPurpose.Manifest, stored, "there"u8, Limit, "object")).ShouldBe(Fault.Corrupt);
        FaultOf(() => Open(ring, stored, SealedPurpose.Index)).ShouldBe(Fault.Corrupt);

        // Relabelled by somebody without a key, it is still not the other thing.
        stored[6] = (byte)SealedPurpose.Index;
        FaultOf(() => Open(ring, stored, SealedPurpose.Index)).ShouldBe(Fault.Corrupt);
    }

    [Fact]
    public void An_object_of_another_repository_is_foreign_and_a_relabelled_one_corrupt()
    {
        using var ring = Fixed();
        using var other = Fixed(OtherRepository);
        var stored = Sealed(other);
        FaultOf(() => Open(ring, stored)).ShouldBe(Fault.ForeignRepository);
        RepositoryId.TryWriteBytes(stored.AsSpan(12), bigEndian: true, out _);
        FaultOf(() => Open(ring, stored)).ShouldBe(Fault.Corrupt);
    }

    [Fact]
    public void An_older_ring_says_that_it_misses_the_epoch()
    {
        using var old = KeyRing.Create(Tenant, RepositoryId, Then);
        var next = KeyRotation.AddSealEpoch(old, Then);
        using var ring = next.Ring;
        var stored = Sealed(ring);
        FaultOf(() => Open(old, stored)).ShouldBe(Fault.MissingEpoch);
        Open(ring, stored).Length.ShouldBe(5000);
        Open(ring, Sealed(old)).Length.ShouldBe(5000);
    }

    [Theory]
    [InlineData(4, 2)]
    [InlineData(7, 2)]
    [InlineData(7, 0x81)]
    public void A_later_version_or_unknown_flag_is_a_newer_format(int at, byte value)
    {
        using var ring = Fixed();
        var stored = Sealed(ring);
        stored[at] = value;
        FaultOf(() => Open(ring, stored)).ShouldBe(Fault.NewerFormat);
    }

    [Fact]
    public void More_than_the_caller_takes_is_refused_before_it_is_allocated()
    {
        using var ring = Fixed();
        var stored = Sealed(ring);
        FaultOf(() => SealedObject.Open(ring, SealedPurpose.Manifest, stored, Context, 4999, "object")).ShouldBe(Fault.Corrupt);
        SealedObject.Open(ring, SealedPurpose.Manifest, stored, Context, 5000, "object").Length.ShouldBe(5000);

        BinaryPrimitives.WriteUInt32LittleEndian(stored.AsSpan(28), uint.MaxValue);
        FaultOf(() => SealedObject.Open(ring, SealedPurpose.Manifest, stored, Context, int.MaxValue, "object")).ShouldBe(Fault.Corrupt);
    }

    [Theory]
    [InlineData(Compression.None)]
    [InlineData(Compression.Zstd)]
    public void Changed_bytes_never_open(Compression compression)
    {
        using var ring = Fixed();
        var stored = SealedObject.Seal(ring, SealedPurpose.Manifest, Pattern(0, 200).Concat(new byte[200]).ToArray(), Context, compression);
        foreach (var changed in Mutations(stored, 2000)) Should.Throw<EngineException>(() => Open(ring, changed));
    }

    private static byte[] Sealed(KeyRing ring) => SealedObject.Seal(ring, SealedPurpose.Manifest, new byte[5000], Context, Compression.Zstd);

    private static byte[] Open(KeyRing ring, byte[] stored, SealedPurpose purpose = SealedPurpose.Manifest) =>
        SealedObject.Open(ring, purpose, stored, Context, Limit, "object");
}
