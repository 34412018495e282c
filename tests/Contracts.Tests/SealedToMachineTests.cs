using System.Security.Cryptography;
using HyperBdr.Contracts.Security;
using Shouldly;
using Xunit;

namespace HyperBdr.Contracts.Tests;

public sealed class SealedToMachineTests
{
    [Fact]
    public void Only_the_reader_opens_it_for_its_purpose_and_any_changed_bit_is_seen()
    {
        using var reader = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var plain = RandomNumberGenerator.GetBytes(300);
        var sealedBytes = SealedToMachine.Seal(reader.ExportSubjectPublicKeyInfo(), "session/1", plain);
        SealedToMachine.Open(reader, "session/1", sealedBytes).ShouldBe(plain);
        Should.Throw<CryptographicException>(() => SealedToMachine.Open(other, "session/1", sealedBytes));
        Should.Throw<CryptographicException>(() => SealedToMachine.Open(reader, "session/2", sealedBytes));
        for (var at = 0; at < sealedBytes.Length; at++)
        {
            var changed = sealedBytes.ToArray();
            changed[at] ^= 4;
            Should.Throw<CryptographicException>(() => SealedToMachine.Open(reader, "session/1", changed), $"byte {at}");
        }
    }

    [Fact]
    public void Bytes_of_every_shorter_length_are_refused()
    {
        using var reader = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var sealedBytes = SealedToMachine.Seal(reader.ExportSubjectPublicKeyInfo(), "x", [1, 2, 3]);
        for (var length = 0; length < sealedBytes.Length; length++) Should.Throw<CryptographicException>(() => SealedToMachine.Open(reader, "x", sealedBytes.AsSpan(0, length)));
    }

    [Fact]
    public void A_key_of_another_curve_is_refused()
    {
        using var reader = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        Should.Throw<CryptographicException>(() => SealedToMachine.Seal(reader.ExportSubjectPublicKeyInfo(), "x", [1]));
    }
}
