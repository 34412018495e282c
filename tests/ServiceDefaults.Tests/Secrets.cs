using System.Security.Cryptography;
using HyperBdr.ServiceDefaults.Security;
using Microsoft.Extensions.Configuration;
using Shouldly;
using Xunit;

namespace HyperBdr.ServiceDefaults.Tests;

public sealed class Secrets
{
    [Fact]
    public void A_sealed_secret_opens_in_its_own_context_only()
    {
        var envelope = new Envelope(Files());
        var bytes = envelope.Seal("s3cr3t", "pool/1");

        envelope.Open(bytes, "pool/1").ShouldBe("s3cr3t");
        Should.Throw<CryptographicException>(() => envelope.Open(bytes, "pool/2"));
        Convert.ToHexString(bytes).ShouldNotContain(Convert.ToHexString("s3cr3t"u8));
        envelope.Seal("s3cr3t", "pool/1").ShouldNotBe(bytes);
    }

    [Fact]
    public void Any_flipped_bit_is_noticed()
    {
        var envelope = new Envelope(Files());
        var good = envelope.Seal("s3cr3t", "pool/1");
        for (var bit = 0; bit < good.Length * 8; bit++)
        {
            var bad = good.ToArray();
            bad[bit / 8] ^= (byte)(1 << (bit % 8));
            Should.Throw<CryptographicException>(() => envelope.Open(bad, "pool/1"), $"bit {bit}");
        }
    }

    [Fact]
    public void Of_many_that_make_a_key_at_once_all_get_the_same()
    {
        var configuration = Configuration();
        var keys = new byte[32][];
        Parallel.For(0, keys.Length, i => keys[i] = new SecretFiles(configuration).Key("shared"));

        keys.Select(Convert.ToHexString).Distinct(StringComparer.Ordinal).Count().ShouldBe(1);
        Directory.GetFiles(new SecretFiles(configuration).Folder).Length.ShouldBe(1);
    }

    [Fact]
    public void A_key_file_is_readable_by_its_owner_only()
    {
        var files = Files();
        files.Key("own");
        File.GetUnixFileMode(Path.Combine(files.Folder, "own.key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void A_damaged_key_file_is_refused_and_not_replaced()
    {
        var files = Files();
        File.WriteAllBytes(Path.Combine(files.Folder, "short.key"), [1, 2, 3]);
        Should.Throw<InvalidDataException>(() => files.Key("short"));
    }

    private static SecretFiles Files() => new(Configuration());

    private static IConfiguration Configuration() => new ConfigurationBuilder()
        .AddInMemoryCollection(new Dictionary<string, string?> { ["HYPERBDR_HOME"] = Directory.CreateTempSubdirectory("hyperbdr-secrets-").FullName }).Build();
}
