using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace HyperBdr.Fuzz;

/// <summary>Sets the checksum of mutated bytes right, as far as they are long enough to have one.</summary>
internal static class Checksums
{
    private const int ConfigFields = 80;
    private const int ProfileHeader = 32;

    public static void Config(byte[] bytes)
    {
        if (bytes.Length >= ConfigFields + SHA256.HashSizeInBytes) SHA256.HashData(bytes.AsSpan(0, ConfigFields), bytes.AsSpan(ConfigFields));
    }

    public static void KeyRing(byte[] bytes)
    {
        if (bytes.Length >= SHA256.HashSizeInBytes) SHA256.HashData(bytes.AsSpan(..^SHA256.HashSizeInBytes), bytes.AsSpan(bytes.Length - SHA256.HashSizeInBytes));
    }

    public static void BootProfile(byte[] bytes)
    {
        if (bytes.Length < ProfileHeader) return;
        var crc = new Crc32();
        crc.Append(bytes.AsSpan(0, 28));
        crc.Append(bytes.AsSpan(ProfileHeader));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(28), crc.GetCurrentHashAsUInt32());
    }
}
