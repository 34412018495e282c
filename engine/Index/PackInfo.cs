using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Packs;

namespace HyperBdr.Engine.Index;

/// <summary>A pack as the index knows it, without its blobs.</summary>
/// <param name="Id">The pack.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Length">Bytes of the whole pack.</param>
/// <param name="BlobCount">Its blobs.</param>
/// <param name="SealedBytes">Sealed bytes of all its blobs, without their headers.</param>
public readonly record struct PackInfo(PackId Id, PackKind Kind, uint Length, int BlobCount, long SealedBytes) : IComparable<PackInfo>
{
    /// <inheritdoc/>
    public int CompareTo(PackInfo other)
    {
        var order = Id.CompareTo(other.Id);
        return order != 0 ? order : Detail.CompareTo(other.Detail);
    }

    // Only two listings that disagree about one pack come this far; both are kept, in a fixed order.
    private (PackKind, uint, int, long) Detail => (Kind, Length, BlobCount, SealedBytes);

    internal static PackInfo Of(PackEntry pack) => new(pack.Id, pack.Kind, pack.Length, pack.Blobs.Count, pack.Blobs.Sum(b => (long)b.SealedLength));
}
