namespace HyperBdr.Engine.Blocks;

/// <summary>Memory that devices can read into and write from without the page cache (O_DIRECT).</summary>
public static class AlignedMemory
{
    /// <summary>Pinned memory that begins at a multiple of <see cref="Block.Size"/>; the garbage collector frees it.</summary>
    /// <param name="length">Bytes, 1 or more.</param>
    public static unsafe Memory<byte> Allocate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        var array = GC.AllocateUninitializedArray<byte>(checked(length + Block.Size), pinned: true);
        fixed (byte* begin = array)
        {
            return array.AsMemory((int)(((nuint)Block.Size - ((nuint)begin % Block.Size)) % Block.Size), length);
        }
    }
}
