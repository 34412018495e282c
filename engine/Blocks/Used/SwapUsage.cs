using System.Buffers.Binary;

namespace HyperBdr.Engine.Blocks.Used;

/// <summary>Swap space: a header page (mkswap(8)), then pages whose content no boot ever reads. A hibernated machine has another signature.</summary>
internal static class SwapUsage
{
    public static async Task<RangeSet> UnusedAsync(VolumeReader volume, bool typeSaysSwap, bool skip, CancellationToken ct)
    {
        DoubtException.When(!skip, "swap space is kept");
        DoubtException.When(!typeSaysSwap, "the partition's type does not say swap");
        var (version, lastPage) = Header((await volume.ReadAsync(0, Block.Size, ct)).Span);
        DoubtException.When(version != 1 || lastPage < 1 || lastPage >= volume.Volume.Length / Block.Size, "the swap header is unusual");
        var builder = new RangeSet.Builder();
        builder.AddWhole(new ByteRange(volume.Volume.Offset + Block.Size, (long)lastPage * Block.Size));
        return builder.Build();
    }

    private static (uint Version, uint LastPage) Header(ReadOnlySpan<byte> page) =>
        (BinaryPrimitives.ReadUInt32LittleEndian(page[1024..]), BinaryPrimitives.ReadUInt32LittleEndian(page[1028..]));
}
