using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using HyperBdr.Engine.Blocks;

namespace HyperBdr.Engine.Codec;

/// <summary>A keyed almost-universal hash of one 4 KiB block: cheap enough to run over a whole disk on every sync.</summary>
/// <remarks>
/// NH over 32-bit words with two keys, the second shifted by 16 bytes, as in UMAC (RFC 4418, section 5.2.2): each sum is that of
/// (m[2i] + k[2i]) * (m[2i+1] + k[2i+1]), words modulo 2^32, modulo 2^64. Two different blocks agree in both with probability at most 2^-64 over the
/// secret key. The sums are folded to a tag of 64 bits and a cut value of 32 bits by multiply-shift with keys of their own (M. Dietzfelbinger, STACS 1996).
/// It is no MAC: tags stay in the local cache and are never sent. Safe for calls side by side.
/// </remarks>
public sealed class BlockHash
{
    /// <summary>Bytes of key: one word of key for each word of a block, the shift, and six 128-bit folding keys.</summary>
    public const int KeySize = Block.Size + Shift + (6 * 16);

    private const int Shift = 16;
    private readonly byte[] key;
    private readonly UInt128 tag0, tag1, tag2, cut0, cut1, cut2;

    /// <summary>From <see cref="KeySize"/> secret, uniformly random bytes.</summary>
    public BlockHash(ReadOnlySpan<byte> secret)
    {
        if (secret.Length != KeySize) throw new ArgumentException($"need {KeySize} bytes, got {secret.Length}", nameof(secret));
        key = secret[..(Block.Size + Shift)].ToArray();
        var fold = secret[(Block.Size + Shift)..];
        tag0 = BinaryPrimitives.ReadUInt128LittleEndian(fold);
        tag1 = BinaryPrimitives.ReadUInt128LittleEndian(fold[16..]);
        tag2 = BinaryPrimitives.ReadUInt128LittleEndian(fold[32..]);
        cut0 = BinaryPrimitives.ReadUInt128LittleEndian(fold[48..]);
        cut1 = BinaryPrimitives.ReadUInt128LittleEndian(fold[64..]);
        cut2 = BinaryPrimitives.ReadUInt128LittleEndian(fold[80..]);
    }

    /// <summary>Hashes one block.</summary>
    /// <param name="block">Exactly <see cref="Block.Size"/> bytes.</param>
    /// <param name="cut">32 uniform bits that decide whether a chunk may end after this block.</param>
    /// <returns>The tag; never 0, which stands for "unknown" in a tag table.</returns>
    [SkipLocalsInit]
    public ulong Compute(ReadOnlySpan<byte> block, out uint cut)
    {
        if (block.Length != Block.Size) throw new ArgumentException($"need {Block.Size} bytes, got {block.Length}", nameof(block));
        ref var first = ref MemoryMarshal.GetReference(block);
        ref var secret = ref MemoryMarshal.GetArrayDataReference(key);
        var (high, low) = Sse2.IsSupported ? Vectors(ref first, ref secret) : (Words(ref first, ref Unsafe.Add(ref secret, Shift)), Words(ref first, ref secret));
        cut = (uint)((cut0 + (cut1 * high) + (cut2 * low)) >> 96);
        var tag = (ulong)((tag0 + (tag1 * high) + (tag2 * low)) >> 64);
        return tag == 0 ? 1 : tag;
    }

    // Not the wider vectors: a native program for any processor has them only behind a check, and this is as fast as memory.
    private static (ulong High, ulong Low) Vectors(ref byte block, ref byte key)
    {
        Vector128<ulong> low = default, high = default;
        for (nuint i = 0; i < Block.Size; i += Shift)
        {
            var words = Vector128.LoadUnsafe(ref block, i).AsUInt32();
            low += Products(words + Vector128.LoadUnsafe(ref key, i).AsUInt32());
            high += Products(words + Vector128.LoadUnsafe(ref key, i + Shift).AsUInt32());
        }

        return (Vector128.Sum(high), Vector128.Sum(low));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Products(Vector128<uint> words) => Sse2.Multiply(words, (words.AsUInt64() >> 32).AsUInt32());

    private static ulong Words(ref byte block, ref byte key)
    {
        ulong sum = 0;
        for (nint i = 0; i < Block.Size; i += 8) sum += (ulong)(Word(ref block, i) + Word(ref key, i)) * (Word(ref block, i + 4) + Word(ref key, i + 4));
        return sum;
    }

    private static uint Word(ref byte bytes, nint offset)
    {
        var word = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref bytes, offset));
        return BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
    }
}
