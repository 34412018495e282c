using System.Diagnostics;
using System.Security.Cryptography;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Codec.Keys;
using Shouldly;
using Xunit;
using static HyperBdr.Engine.Tests.Keys.KeySamples;

namespace HyperBdr.Engine.Tests.Keys;

public sealed class KeyRotations
{
    [Fact]
    public async Task The_oldest_escrow_slot_opens_every_later_epoch()
    {
        using var pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        var slot = KeySlot.Create(KeyRing.Create(Tenant, RepositoryId, Then), EscrowPublicKey.FromPem(pair.ExportSubjectPublicKeyInfoPem()), "vault", Then);
        using var escrow = EscrowPrivateKey.FromPem(pair.ExportPkcs8PrivateKeyPem());

        var store = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var latest = KeySlot.Open(slot, RepositoryId, escrow, "keys/a");
        var objects = new List<byte[]>();
        for (var i = 0; i < 20; i++)
        {
            objects.Add(SealedObject.Seal(latest, SealedPurpose.Manifest, [(byte)i], [], Compression.None));
            var next = KeyRotation.AddSealEpoch(latest, Then.AddDays(i));
            store.Add(next.LinkName, next.Link.ToArray());
            latest.Dispose();
            latest = next.Ring;
        }

        using var opened = await FollowAsync(KeySlot.Open(slot, RepositoryId, escrow, "keys/a"), store);
        opened.SealEpoch.ShouldBe(21u);
        Plain(opened).ShouldBe(Plain(latest));
        for (var i = 0; i < 20; i++) SealedObject.Open(opened, SealedPurpose.Manifest, objects[i], [], 1, "object").ShouldBe([(byte)i]);
        latest.Dispose();
    }

    [Fact]
    public async Task A_ring_without_later_links_stays_as_it_is()
    {
        using var ring = Fixed();
        var followed = await FollowAsync(ring, []);
        followed.ShouldBeSameAs(ring);
        followed.ChunkIdKey.Length.ShouldBe(32);
    }

    [Fact]
    public void The_identity_and_earlier_epochs_stay()
    {
        using var ring = Fixed();
        var next = KeyRotation.AddSealEpoch(ring, Then.AddDays(2));
        using var longer = next.Ring;
        next.LinkName.ShouldBe("keyring/0000000003");
        longer.Epochs.ShouldBe([.. ring.Epochs, new(3, Then.AddDays(2))]);
        longer.ChunkIdKey.SequenceEqual(ring.ChunkIdKey).ShouldBeTrue();
        var (before, after) = (new byte[32], new byte[32]);
        ring.PackKey(1, Salt, before);
        longer.PackKey(1, Salt, after);
        after.ShouldBe(before);
    }

    [Fact]
    public void A_link_opens_only_in_its_own_place()
    {
        using var ring = Fixed();
        var third = KeyRotation.AddSealEpoch(ring, Then);
        using var ringOf3 = third.Ring;
        var fourth = KeyRotation.AddSealEpoch(ringOf3, Then);
        using var ringOf4 = fourth.Ring;

        FaultOf(() => KeyRotation.Follow(ring, fourth.Link.Span)).ShouldBe(Fault.MissingEpoch);
        FaultOf(() => KeyRotation.Follow(ringOf3, third.Link.Span)).ShouldBe(Fault.Corrupt);
        using var other = Fixed(OtherRepository);
        FaultOf(() => KeyRotation.Follow(other, third.Link.Span)).ShouldBe(Fault.ForeignRepository);
    }

    [Fact]
    public void A_changed_link_never_gives_an_epoch()
    {
        using var ring = Fixed();
        var next = KeyRotation.AddSealEpoch(ring, Then);
        next.Ring.Dispose();
        foreach (var changed in Mutations(next.Link.ToArray(), 2000)) Should.Throw<EngineException>(() => KeyRotation.Follow(ring, changed));
    }

    [Fact]
    public void A_lost_link_is_made_again_from_a_ring_that_holds_its_epoch()
    {
        using var oldest = KeyRing.Create(Tenant, RepositoryId, Then);
        using var second = KeyRotation.AddSealEpoch(oldest, Then.AddDays(1)).Ring;
        using var third = KeyRotation.AddSealEpoch(second, Then.AddDays(2)).Ring;

        using var followed = KeyRotation.Follow(oldest, KeyRotation.Link(third, 2));
        using var again = KeyRotation.Follow(followed, KeyRotation.Link(third, 3));
        Plain(again).ShouldBe(Plain(third));
        FaultOf(() => KeyRotation.Link(third, 1)).ShouldBe(Fault.MissingEpoch);
        FaultOf(() => KeyRotation.Link(third, 4)).ShouldBe(Fault.MissingEpoch);
    }

    [Fact]
    public void Two_that_add_an_epoch_at_once_meet_at_one_name_with_other_bytes()
    {
        using var ring = Fixed();
        var (one, two) = (KeyRotation.AddSealEpoch(ring, Then), KeyRotation.AddSealEpoch(ring, Then));
        two.LinkName.ShouldBe(one.LinkName);
        two.Link.ToArray().ShouldNotBe(one.Link.ToArray());
        using var followed = KeyRotation.Follow(ring, one.Link.Span);
        Plain(followed).ShouldBe(Plain(one.Ring));
        one.Ring.Dispose();
        two.Ring.Dispose();
    }

    [Fact]
    public void Rewrapping_changes_the_key_and_nothing_else()
    {
        using var ring = Fixed();
        using var before = RawKey.Create();
        using var after = RawKey.Create();
        var old = KeySlot.Parse(KeySlot.Create(ring, before, "main", Then), RepositoryId, "keys/a");
        var stored = KeyRotation.Rewrap(old, before, after, Then.AddDays(1));

        FaultOf(() => KeySlot.Open(stored, RepositoryId, before, "keys/b")).ShouldBe(Fault.WrongKey);
        using var opened = KeySlot.Open(stored, RepositoryId, after, "keys/b");
        Plain(opened).ShouldBe(Plain(ring));
        KeySlot.Parse(stored, RepositoryId, "keys/b").Label.ShouldBe("main");
    }

    [Fact]
    public void An_escrow_slot_is_renewed_without_its_private_key()
    {
        using var pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        using var ring = Fixed();
        var slot = KeySlot.Parse(KeySlot.Create(ring, EscrowPublicKey.FromPem(pair.ExportSubjectPublicKeyInfoPem()), "vault", Then), RepositoryId, "keys/a");
        using var longer = KeyRotation.AddSealEpoch(ring, Then).Ring;
        var renewed = KeyRotation.RewrapEscrow(slot, longer, Then);

        using var escrow = EscrowPrivateKey.FromPem(pair.ExportPkcs8PrivateKeyPem());
        using var opened = KeySlot.Open(renewed, RepositoryId, escrow, "keys/b");
        opened.SealEpoch.ShouldBe(3u);
    }

    [Fact]
    public void A_planted_escrow_slot_gets_nothing()
    {
        // Somebody who writes to the store, and knows the ids from the config, but has no ring.
        using var pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        using var forged = KeyRing.Create(Tenant, RepositoryId, Then);
        var planted = KeySlot.Parse(KeySlot.Create(forged, EscrowPublicKey.FromPem(pair.ExportSubjectPublicKeyInfoPem()), "vault", Then), RepositoryId, "keys/a");
        using var ring = Fixed();
        FaultOf(() => KeyRotation.RewrapEscrow(planted, ring, Then)).ShouldBe(Fault.Corrupt);
    }

    [Theory]
    [InlineData(new[] { "ecparam", "-name", "secp384r1", "-genkey" }, null)]
    [InlineData(new[] { "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384" }, null)]
    [InlineData(new[] { "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-aes-256-cbc", "-pass", "pass:four words" }, "four words")]
    public void A_key_pair_made_by_openssl_opens_its_slot(string[] command, string? words)
    {
        var pem = OpenSsl(command, "");
        var publicPem = OpenSsl(words is null ? ["ec", "-pubout"] : ["ec", "-pubout", "-passin", "pass:" + words], pem);
        using var ring = Fixed();
        var recipient = EscrowPublicKey.FromPem(publicPem);
        var stored = KeySlot.Create(ring, recipient, "vault", Then);

        using var escrow = EscrowPrivateKey.FromPem(pem, words);
        using var opened = KeySlot.Open(stored, RepositoryId, escrow, "keys/a");
        Plain(opened).ShouldBe(Plain(ring));
        escrow.PublicKey.Fingerprint.ShouldBe(recipient.Fingerprint);
        KeySlot.Parse(stored, RepositoryId, "keys/a").Recipient!.ToPem().ReplaceLineEndings("").ShouldBe(publicPem.ReplaceLineEndings(""));
        if (words is not null) FaultOf(() => EscrowPrivateKey.FromPem(pem, "three words")).ShouldBe(Fault.WrongKey);
    }

    [Fact]
    public void A_key_that_cannot_be_escrow_is_refused()
    {
        using var small = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        FaultOf(() => EscrowPublicKey.FromPem(small.ExportSubjectPublicKeyInfoPem())).ShouldBe(Fault.InvalidArgument);
        FaultOf(() => EscrowPublicKey.FromPem("no pem")).ShouldBe(Fault.InvalidArgument);
        FaultOf(() => EscrowPrivateKey.FromPem(pair.ExportSubjectPublicKeyInfoPem())).ShouldBe(Fault.InvalidArgument);
    }

    [Fact]
    public void Another_escrow_key_is_a_wrong_key_and_a_point_off_the_curve_corrupt()
    {
        using var pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        using var other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        using var ring = Fixed();
        var stored = KeySlot.Create(ring, EscrowPublicKey.FromPem(pair.ExportSubjectPublicKeyInfoPem()), "", Then);
        using var wrong = EscrowPrivateKey.FromPem(other.ExportPkcs8PrivateKeyPem());
        using var right = EscrowPrivateKey.FromPem(pair.ExportPkcs8PrivateKeyPem());
        FaultOf(() => KeySlot.Open(stored, RepositoryId, wrong, "keys/a")).ShouldBe(Fault.WrongKey);

        stored[100] ^= 1;
        FaultOf(() => KeySlot.Open(Resum(stored), RepositoryId, right, "keys/a")).ShouldBe(Fault.Corrupt);
    }

    private static async Task<KeyRing> FollowAsync(KeyRing ring, Dictionary<string, byte[]> store) => await KeyRotation.FollowAllAsync(
        ring, (name, _) => ValueTask.FromResult(store.TryGetValue(name, out var link) ? link : (ReadOnlyMemory<byte>?)null), TestContext.Current.CancellationToken);

    private static string OpenSsl(string[] arguments, string input)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0);
        return output;
    }
}
