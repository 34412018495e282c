using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace HyperBdr.S3Block.Http;

/// <summary>A running sum over a body.</summary>
internal abstract class Digest : IDisposable
{
    /// <summary>The algorithms of <c>x-amz-checksum-…</c>, as its headers end.</summary>
    public static IReadOnlyList<string> Algorithms { get; } = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"];

    public static Digest Of(string algorithm) => algorithm switch
    {
        "crc32" => new Crc32Digest(),
        "crc32c" => new Crc32CDigest(),
        "crc64nvme" => new Crc64NvmeDigest(),
        "sha1" => new HashDigest(HashAlgorithmName.SHA1),
        "sha256" => new HashDigest(HashAlgorithmName.SHA256),
        // Content-MD5 and the ETag are MD5 by the protocol's definition.
        "md5" => new HashDigest(HashAlgorithmName.MD5),
        _ => throw S3Refusal.BadRequest($"The checksum algorithm {algorithm} is not known."),
    };

    public static bool IsCrc(string algorithm) => algorithm.StartsWith("crc", StringComparison.Ordinal);

    public static string Base64(string algorithm, ReadOnlySpan<byte> bytes)
    {
        using var digest = Of(algorithm);
        digest.Append(bytes);
        return Convert.ToBase64String(digest.Finish());
    }

    public abstract void Append(ReadOnlySpan<byte> bytes);

    public abstract byte[] Finish();

    public virtual void Dispose()
    {
    }

    private sealed class HashDigest(HashAlgorithmName name) : Digest
    {
        private readonly IncrementalHash hash = IncrementalHash.CreateHash(name);

        public override void Append(ReadOnlySpan<byte> bytes) => hash.AppendData(bytes);

        public override byte[] Finish() => hash.GetHashAndReset();

        public override void Dispose()
        {
            hash.Dispose();
            base.Dispose();
        }
    }

    private sealed class Crc32Digest : Digest
    {
        private readonly Crc32 crc = new();

        public override void Append(ReadOnlySpan<byte> bytes) => crc.Append(bytes);

        public override byte[] Finish() => BigEndian(crc.GetCurrentHashAsUInt32());
    }

    private sealed class Crc32CDigest : Digest
    {
        private uint crc = uint.MaxValue;

        public override void Append(ReadOnlySpan<byte> bytes) => crc = Storage.Crc32C.Append(crc, bytes);

        public override byte[] Finish() => BigEndian(~crc);
    }

    private sealed class Crc64NvmeDigest : Digest
    {
        private ulong crc = ulong.MaxValue;

        public override void Append(ReadOnlySpan<byte> bytes) => crc = Crc64Nvme.Append(crc, bytes);

        public override byte[] Finish()
        {
            var value = new byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(value, ~crc);
            return value;
        }
    }

    private static byte[] BigEndian(uint crc)
    {
        var value = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(value, crc);
        return value;
    }
}

/// <summary>CRC-64/NVME (NVM Express Command Set, 'Storage Tag'): reflected, eight bytes a step.</summary>
internal static class Crc64Nvme
{
    public const ulong Polynomial = 0x9A6C_9329_AC4B_C9B5;

    private static readonly ulong[] Table = Make();

    public static ulong Append(ulong crc, ReadOnlySpan<byte> bytes)
    {
        var table = Table.AsSpan();
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            crc ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            crc = table[(7 * 256) + (byte)crc] ^ table[(6 * 256) + (byte)(crc >> 8)] ^ table[(5 * 256) + (byte)(crc >> 16)] ^ table[(4 * 256) + (byte)(crc >> 24)]
                ^ table[(3 * 256) + (byte)(crc >> 32)] ^ table[(2 * 256) + (byte)(crc >> 40)] ^ table[256 + (byte)(crc >> 48)] ^ table[(int)(crc >> 56)];
        }

        foreach (var b in bytes) crc = table[(byte)crc ^ b] ^ (crc >> 8);
        return crc;
    }

    private static ulong[] Make()
    {
        var table = new ulong[8 * 256];
        for (var i = 0; i < 256; i++)
        {
            var crc = (ulong)i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ Polynomial : crc >> 1;
            table[i] = crc;
        }

        for (var i = 256; i < table.Length; i++) table[i] = table[(byte)table[i - 256]] ^ (table[i - 256] >> 8);
        return table;
    }
}

/// <summary>The CRC of joined bytes from the CRCs of the pieces: multiplication by powers of x modulo the polynomial (Mark Adler, zlib's crc32_combine).</summary>
internal static class CrcJoin
{
    /// <summary>Base64 in, base64 out.</summary>
    public static string Join(string algorithm, IEnumerable<(string Crc, long Length)> pieces)
    {
        var (width, polynomial) = algorithm switch
        {
            "crc32" => (32, 0xEDB8_8320UL),
            "crc32c" => (32, 0x82F6_3B78UL),
            _ => (64, Crc64Nvme.Polynomial),
        };
        var joined = 0UL;
        foreach (var (crc, length) in pieces) joined = Multiply(Power(length, width, polynomial), joined, width, polynomial) ^ Value(crc, width);
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, joined);
        return Convert.ToBase64String(bytes.AsSpan(8 - (width / 8)));
    }

    private static ulong Value(string crc, int width)
    {
        var bytes = Convert.FromBase64String(crc);
        return width == 32 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    /// <summary>x to the power of 8 times the length.</summary>
    private static ulong Power(long length, int width, ulong polynomial)
    {
        var result = 1UL << (width - 1);
        var square = 1UL << (width - 9);
        for (; length > 0; length >>= 1)
        {
            if ((length & 1) != 0) result = Multiply(square, result, width, polynomial);
            square = Multiply(square, square, width, polynomial);
        }

        return result;
    }

    private static ulong Multiply(ulong a, ulong b, int width, ulong polynomial)
    {
        var product = 0UL;
        for (var bit = 1UL << (width - 1); bit != 0; bit >>= 1)
        {
            if ((a & bit) != 0) product ^= b;
            b = (b & 1) != 0 ? (b >> 1) ^ polynomial : b >> 1;
        }

        return product;
    }
}
