using System.Buffers.Binary;
using HyperBdr.Engine.Blocks;
using HyperBdr.Engine.Codec;
using Shouldly;
using Xunit;

namespace HyperBdr.Engine.Tests.Codec;

public sealed class BlockHashes
{
    private static readonly byte[] Key = Bytes(1, BlockHash.KeySize);

    [Fact]
    public void A_block_hashes_as_the_definition_says()
    {
        var hash = new BlockHash(Key);
        for (var seed = 0; seed < 50; seed++)
        {
            var block = Bytes(100 + seed, Block.Size);
            var tag = hash.Compute(block, out var cut);
            (tag, cut).ShouldBe(Defined(block));
        }
    }

    [Fact]
    public void Any_changed_bit_changes_the_tag()
    {
        var hash = new BlockHash(Key);
        var block = Bytes(7, Block.Size);
        var tag = hash.Compute(block, out _);
        for (var bit = 0; bit < Block.Size * 8; bit += 11)
        {
            block[bit / 8] ^= (byte)(1 << (bit % 8));
            hash.Compute(block, out _).ShouldNotBe(tag);
            block[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Cut_values_are_spread_evenly()
    {
        var hash = new BlockHash(Key);
        var block = new byte[Block.Size];
        var below = 0;
        for (var i = 0; i < 32_000; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(block, i);
            hash.Compute(block, out var cut);
            if (cut <= uint.MaxValue >> 5) below++;
        }

        // 1,000 expected; six standard deviations.
        below.ShouldBeInRange(810, 1190);
    }

    private static (ulong Tag, uint Cut) Defined(byte[] block)
    {
        ulong Sum(int shift)
        {
            ulong sum = 0;
            for (var i = 0; i < Block.Size; i += 8) sum += (ulong)(Word(block, i) + Word(Key, i + shift)) * (Word(block, i + 4) + Word(Key, i + shift + 4));
            return sum;
        }

        UInt128 Fold(int n) => BinaryPrimitives.ReadUInt128LittleEndian(Key.AsSpan(Block.Size + 16 + (n * 16)));
        var (low, high) = (Sum(0), Sum(16));
        return ((ulong)((Fold(0) + (Fold(1) * high) + (Fold(2) * low)) >> 64), (uint)((Fold(3) + (Fold(4) * high) + (Fold(5) * low)) >> 96));
    }

    private static uint Word(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(offset));

    private static byte[] Bytes(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
