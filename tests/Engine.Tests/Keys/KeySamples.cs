using System.Security.Cryptography;
using HyperBdr.Engine.Codec.Keys;
using Shouldly;

namespace HyperBdr.Engine.Tests.Keys;

/// <summary>A fixed ring, so that derived keys can be compared with those that another program derived.</summary>
internal static class KeySamples
{
    public static readonly Guid Tenant = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
    public static readonly Guid RepositoryId = Guid.Parse("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0");
    public static readonly Guid OtherRepository = Guid.Parse("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f1");
    public static readonly DateTimeOffset Then = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    public static readonly byte[] Salt = Pattern(0x60, 32);

    public static byte[] Pattern(byte first, int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(first + i))];

    public static KeyRing Fixed(Guid? repository = null) => new(Tenant, repository ?? RepositoryId, SecretBytes.CopyOf(Pattern(0x00, 32)),
    [
        new(1, Then, SecretBytes.CopyOf(Pattern(0x20, 32))),
        new(2, Then.AddDays(1), SecretBytes.CopyOf(Pattern(0x40, 32))),
    ]);

    public static byte[] Plain(KeyRing ring)
    {
        using var bytes = KeyRingBytes.Write(ring);
        return bytes.Span.ToArray();
    }

    public static Fault FaultOf(Action action) => Should.Throw<EngineException>(action).Fault;

    /// <summary>Bit flips, cuts and longer forms of <paramref name="original"/>, the same at each run.</summary>
    public static IEnumerable<byte[]> Mutations(byte[] original, int count)
    {
        var random = new Random(20260102);
        for (var i = 0; i < count; i++)
        {
            var changed = (byte[])original.Clone();
            switch (i % 4)
            {
                case 3 when i % 8 == 3:
                    yield return original[..random.Next(original.Length)];
                    break;
                case 3:
                    yield return [.. original, .. RandomBytes(random, random.Next(1, 64))];
                    break;
                default:
                    // Every byte's turn comes, then at random.
                    var turn = (i / 4 * 3) + (i % 4);
                    changed[turn < original.Length ? turn : random.Next(original.Length)] ^= (byte)(1 << random.Next(8));
                    yield return changed;
                    break;
            }
        }
    }

    /// <summary>Makes the last 32 bytes, or those before <paramref name="after"/> more, the SHA-256 of all before them again, as an attacker would.</summary>
    public static byte[] Resum(byte[] changed, int after = 0)
    {
        var end = changed.Length - after;
        if (end >= 32) SHA256.HashData(changed.AsSpan(0, end - 32), changed.AsSpan(end - 32, 32));
        return changed;
    }

    private static byte[] RandomBytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
