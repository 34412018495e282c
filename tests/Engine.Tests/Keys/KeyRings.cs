using System.Security.Cryptography;
using HyperBdr.Engine.Codec.Keys;
using Shouldly;
using Xunit;
using static HyperBdr.Engine.Tests.Keys.KeySamples;

namespace HyperBdr.Engine.Tests.Keys;

// The hexadecimal values were derived by another program from docs/formats/keys.md alone: a derivation cannot change unnoticed.
public sealed class KeyRings
{
    [Fact]
    public void Keys_from_the_identity_never_change()
    {
        using var ring = Fixed();

        Convert.ToHexStringLower(ring.ChunkIdKey).ShouldBe("6cc018ce34447e740b57c089143bdc1dd69511caba5a2fbebdffaeaeb3b404d7");
        Convert.ToHexStringLower(ring.NodeIdKey).ShouldBe("a7b3f4a24a437e10ffd189f1fa545ff4fe723575402f63b86e29e39f87a7e808");
        Convert.ToHexStringLower(ring.ConfigKey).ShouldBe("77cd2fd29942afb8a13b94b93a8359b579805071afe0d66df814f42b99bac9a3");
        Convert.ToHexStringLower(ring.SlotKey).ShouldBe("c2eb5fad4e0012f8b194579ccfbd70d852e70ebb3dcd0f67848a9d4417733355");
        ring.BlockHashKey.Length.ShouldBe(8448);
        Convert.ToHexStringLower(SHA256.HashData(ring.BlockHashKey)).ShouldBe("af90dd5b174aaf0d1ba4643aa4fe7c445bdae6e630fe8c4696f6ba788b7e09c8");
    }

    [Theory]
    [InlineData(1, "00ce6af08adbeba596f9f6fe75a73307514dcd4a567005b128d0b52c3803d95b")]
    [InlineData(2, "d64c75acac4f3ad4139ffe9e75aa874e4b1dd8ea749e4c4e0d5fdede05f3d4e2")]
    public void Pack_keys_never_change(uint epoch, string expected)
    {
        using var ring = Fixed();
        var key = new byte[32];
        ring.PackKey(epoch, Salt, key);
        Convert.ToHexStringLower(key).ShouldBe(expected);
    }

    [Theory]
    [InlineData(1, "manifest", "cd3f76d62382edb2d1dfdbb1a79f2816088b757e8cdd58f126aadab5f2e1383e")]
    [InlineData(1, "index", "84a53ff27f18e6253b7de24a04c5918f9ba88426ab8eb825d6effe518b9457e7")]
    [InlineData(1, "epoch", "668092ac2894b097e386954435bf6dba55de1788ac8de331c7588bf1d3fcea5b")]
    [InlineData(1, "keyring", "a6aaf0278540a799518b920feecc1f06957a36cb31c2e81b14602c79ab60b463")]
    [InlineData(1, "config", "fb6035d560787df88a675513ad26ead3af639bb644e1720c054df4aaee84b41a")]
    [InlineData(2, "manifest", "595306610ab5dbdb3abda15c7b3808a16c6f78377118541199bbf94440816708")]
    [InlineData(2, "keyring", "72c91ce69a271cc86eaa56be2838c7a6020c2e5cb0a39ac0f1f9c8a69a3bc610")]
    public void Object_keys_never_change(uint epoch, string purpose, string expected)
    {
        using var ring = Fixed();
        var key = new byte[32];
        ring.ObjectKey(epoch, Salt, purpose, key);
        Convert.ToHexStringLower(key).ShouldBe(expected);
    }

    [Fact]
    public void The_plain_bytes_never_change_and_give_the_same_ring()
    {
        using var ring = Fixed();
        var plain = Plain(ring);
        Convert.ToHexStringLower(SHA256.HashData(plain)).ShouldBe("410032bef1311e90235b72acf996b67aa2721cb8c3043190f79e6d392c3f2a83");

        using var read = KeyRingBytes.Read(plain);
        Plain(read).ShouldBe(plain);
        read.SealEpoch.ShouldBe(2u);
        read.Epochs.ShouldBe([new(1, Then), new(2, Then.AddDays(1))]);
    }

    [Fact]
    public void Another_repository_has_other_keys_from_the_same_secrets()
    {
        using var ring = Fixed();
        using var other = Fixed(OtherRepository);
        other.ChunkIdKey.SequenceEqual(ring.ChunkIdKey).ShouldBeFalse();

        var (one, two) = (new byte[32], new byte[32]);
        ring.PackKey(1, Salt, one);
        other.PackKey(1, Salt, two);
        two.ShouldNotBe(one);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(uint.MaxValue)]
    public void An_epoch_that_the_ring_does_not_hold_is_said(uint epoch)
    {
        using var ring = Fixed();
        FaultOf(() => ring.PackKey(epoch, Salt, new byte[32])).ShouldBe(Fault.MissingEpoch);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Manifest")]
    [InlineData("mani\0fest")]
    public void A_purpose_is_small_letters_and_dashes(string purpose)
    {
        using var ring = Fixed();
        FaultOf(() => ring.ObjectKey(1, Salt, purpose, new byte[32])).ShouldBe(Fault.InvalidArgument);
    }

    [Fact]
    public void A_ring_prints_nothing_and_gives_nothing_once_disposed()
    {
        var ring = KeyRing.Create(Tenant, RepositoryId, Then);
        ring.ToString().ShouldBe("***");
        unsafe
        {
            // The memory is pinned, so it can be looked at after disposal.
            fixed (byte* key = ring.ChunkIdKey)
            {
                new ReadOnlySpan<byte>(key, 32).ContainsAnyExcept((byte)0).ShouldBeTrue();
                ring.Dispose();
                new ReadOnlySpan<byte>(key, 32).ContainsAnyExcept((byte)0).ShouldBeFalse();
            }
        }

        Should.Throw<ObjectDisposedException>(() => ring.ChunkIdKey.Length);
        Should.Throw<ObjectDisposedException>(() => ring.PackKey(1, Salt, new byte[32]));
    }

    [Fact]
    public void Two_new_rings_share_no_secret()
    {
        using var one = KeyRing.Create(Tenant, RepositoryId, Then);
        using var two = KeyRing.Create(Tenant, RepositoryId, Then);
        one.Identity.SequenceEqual(two.Identity).ShouldBeFalse();
        one.EpochSecrets[0].Secret.Span.SequenceEqual(two.EpochSecrets[0].Secret.Span).ShouldBeFalse();
    }

    [Fact]
    public void Changed_plain_bytes_never_give_a_ring()
    {
        using var ring = Fixed();
        foreach (var changed in Mutations(Plain(ring), 2000)) Should.Throw<EngineException>(() => KeyRingBytes.Read(changed));
    }

    [Theory]
    [InlineData(4, 2, Fault.NewerFormat)]
    [InlineData(4, 0, Fault.Corrupt)]
    [InlineData(6, 0, Fault.Corrupt)]
    [InlineData(6, 3, Fault.Corrupt)]
    [InlineData(72, 0, Fault.Corrupt)]
    [InlineData(72, 7, Fault.Corrupt)]
    [InlineData(116, 1, Fault.Corrupt)]
    [InlineData(116, 3, Fault.Corrupt)]
    [InlineData(83, 0x80, Fault.Corrupt)]
    public void A_wrong_field_under_a_right_checksum_is_refused(int at, byte value, Fault expected)
    {
        using var ring = Fixed();
        var plain = Plain(ring);
        plain[at] = value;
        FaultOf(() => KeyRingBytes.Read(Resum(plain))).ShouldBe(expected);
    }
}
