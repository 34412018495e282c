using System.Buffers.Binary;
using System.Security.Cryptography;
using HyperBdr.Engine.Codec.Keys;
using Shouldly;
using Xunit;
using static HyperBdr.Engine.Tests.Keys.KeySamples;

namespace HyperBdr.Engine.Tests.Keys;

public sealed class KeySlots
{
    private const string Words = "pässword of the café";
    private static readonly Lazy<byte[]> Stretched = new(() => KeySlot.Create(Fixed(), new Passphrase(Words), "", Then));
    private static readonly RawKey Raw = new(Pattern(0x80, 32));

    [Fact]
    public void A_raw_slot_never_changes_and_opens()
    {
        using var ring = Fixed();
        var stored = KeySlotBytes.Write(ring, Raw, "main", Then, Salt);
        Convert.ToHexStringLower(SHA256.HashData(stored)).ShouldBe("17a1fed976f65714b590ae542fdb5d5fcb2f96a22630f74419bdae5b27b898ee");
        ShouldOpen(stored, Raw, ring);
    }

    [Fact]
    public void A_passphrase_slot_never_changes_and_opens()
    {
        // Made with another implementation of Argon2id too.
        using var ring = Fixed();
        using var passphrase = new Passphrase(Words);
        var stored = KeySlotBytes.Write(ring, passphrase, "main", Then, Salt);
        Convert.ToHexStringLower(SHA256.HashData(stored)).ShouldBe("cc0df60c1f67c61ee58aa0ae0fce6b02ca5a9f0eeb48aa1897080acd569b5a76");
        ShouldOpen(stored, passphrase, ring);
    }

    [Fact]
    public void A_slot_tells_without_a_key_what_it_is()
    {
        using var ring = Fixed();
        var stored = KeySlot.Create(ring, Raw, "Schlüssel im Tresor", Then.AddTicks(7));
        var slot = KeySlot.Parse(stored, RepositoryId, "keys/a");
        (slot.Kind, slot.TenantId, slot.RepositoryId, slot.Label, slot.CreatedAt, slot.Recipient)
            .ShouldBe((KeySlotKind.Raw, Tenant, RepositoryId, "Schlüssel im Tresor", Then, null));
        KeySlot.NameOf(stored).ShouldBe("keys/" + Convert.ToHexStringLower(SHA256.HashData(stored)));
    }

    [Fact]
    public void A_wrong_key_is_said_as_such()
    {
        using var ring = Fixed();
        using var passphrase = new Passphrase(Words);
        using var mistyped = new Passphrase(Words + " ");
        using var other = RawKey.Create();
        var raw = KeySlot.Create(ring, Raw, "", Then);
        var stretched = KeySlot.Create(ring, passphrase, "", Then);

        FaultOf(() => Open(raw, other)).ShouldBe(Fault.WrongKey);
        FaultOf(() => Open(raw, passphrase)).ShouldBe(Fault.WrongKey);
        FaultOf(() => Open(stretched, mistyped)).ShouldBe(Fault.WrongKey);
        FaultOf(() => Open(stretched, Raw)).ShouldBe(Fault.WrongKey);
    }

    [Fact]
    public void A_slot_of_another_repository_is_foreign()
    {
        using var other = Fixed(OtherRepository);
        var stored = KeySlot.Create(other, Raw, "", Then);
        FaultOf(() => Open(stored, Raw)).ShouldBe(Fault.ForeignRepository);
    }

    [Fact]
    public void A_slot_moved_to_another_repository_does_not_open()
    {
        using var other = Fixed(OtherRepository);
        var stored = KeySlot.Create(other, Raw, "", Then);
        RepositoryId.TryWriteBytes(stored.AsSpan(24), bigEndian: true, out _);
        FaultOf(() => Open(Resum(stored), Raw)).ShouldBe(Fault.WrongKey);
    }

    [Theory]
    [InlineData(4, 2)]
    [InlineData(6, 9)]
    public void A_later_version_or_kind_is_a_newer_format(int at, byte value)
    {
        using var ring = Fixed();
        var stored = KeySlot.Create(ring, Raw, "", Then);
        stored[at] = value;
        FaultOf(() => Open(Resum(stored), Raw)).ShouldBe(Fault.NewerFormat);
    }

    [Theory]
    [InlineData(uint.MaxValue, 2, 1)]
    [InlineData(1u << 20, 1, 1)]
    [InlineData(19456, uint.MaxValue, 1)]
    [InlineData(19456, 17, 1)]
    [InlineData(262144, 5, 1)]
    [InlineData(19456, 0, 1)]
    [InlineData(19456, 2, 0)]
    [InlineData(19456, 2, 9)]
    [InlineData(64, 2, 1)]
    public void A_slot_that_asks_for_absurd_work_is_refused_at_once(uint memoryKiB, uint iterations, uint parallelism)
    {
        using var passphrase = new Passphrase(Words);
        var stored = (byte[])Stretched.Value.Clone();
        BinaryPrimitives.WriteUInt32LittleEndian(stored.AsSpan(81), memoryKiB);
        BinaryPrimitives.WriteUInt32LittleEndian(stored.AsSpan(85), iterations);
        BinaryPrimitives.WriteUInt32LittleEndian(stored.AsSpan(89), parallelism);
        FaultOf(() => Open(Resum(stored), passphrase)).ShouldBe(Fault.Corrupt);
    }

    [Fact]
    public void Changed_bytes_never_open()
    {
        using var ring = Fixed();
        var stored = KeySlot.Create(ring, Raw, "main", Then);
        foreach (var changed in Mutations(stored, 2000)) Should.Throw<EngineException>(() => Open(changed, Raw));
    }

    [Fact]
    public void Changed_bytes_under_a_right_checksum_never_open()
    {
        using var ring = Fixed();
        var stored = KeySlot.Create(ring, Raw, "main", Then);
        foreach (var changed in Mutations(stored, 2000))
        {
            // A flip in the checksum alone is undone by this.
            if (Resum(changed).AsSpan().SequenceEqual(stored)) continue;
            Should.Throw<EngineException>(() => Open(changed, Raw));
        }
    }

    [Fact]
    public void Any_holder_of_the_ring_can_scrub_a_slot_without_its_key()
    {
        using var ring = Fixed();
        var stored = KeySlot.Create(ring, RawKey.Create(), "safe", Then);
        KeySlot.Parse(stored, RepositoryId, "keys/a").Check(ring);

        stored[40] ^= 1;
        FaultOf(() => KeySlot.Parse(Resum(stored), RepositoryId, "keys/a").Check(ring)).ShouldBe(Fault.Corrupt);
    }

    [Fact]
    public void A_label_is_short_text_without_control_characters()
    {
        using var ring = Fixed();
        FaultOf(() => KeySlot.Create(ring, Raw, new string('x', 201), Then)).ShouldBe(Fault.InvalidArgument);
        FaultOf(() => KeySlot.Create(ring, Raw, "a\nb", Then)).ShouldBe(Fault.InvalidArgument);
        Open(KeySlot.Create(ring, Raw, new string('x', 200), Then), Raw).Dispose();
    }

    [Fact]
    public void The_largest_ring_fits_into_a_slot()
    {
        using var ring = new KeyRing(Tenant, RepositoryId, SecretBytes.CopyOf(Salt),
            [.. Enumerable.Range(1, KeyRing.MaxEpochs).Select(n => new EpochSecret((uint)n, Then, SecretBytes.Random(32)))]);
        ShouldOpen(KeySlot.Create(ring, Raw, new string('x', 200), Then), Raw, ring);
        FaultOf(() => KeyRotation.AddSealEpoch(ring, Then)).ShouldBe(Fault.InvalidArgument);
    }

    [Fact]
    public void No_source_of_keys_prints_its_secret()
    {
        Raw.ToString().ShouldBe("***");
        new Passphrase(Words).ToString().ShouldBe("***");
    }

    private static KeyRing Open(byte[] stored, KeySource source) => KeySlot.Open(stored, RepositoryId, source, "keys/a");

    private static void ShouldOpen(byte[] stored, KeySource source, KeyRing expected)
    {
        using var ring = Open(stored, source);
        Plain(ring).ShouldBe(Plain(expected));
    }
}
