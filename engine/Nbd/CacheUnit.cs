namespace HyperBdr.Engine.Nbd;

/// <summary>One aligned stretch of a disk in a cache; every field is changed under the cache's gate.</summary>
internal sealed class CacheUnit(long number, byte[] bytes)
{
    public long Number { get; } = number;

    public byte[] Bytes { get; } = bytes;

    /// <summary>Bytes that the disk has of it.</summary>
    public int Length { get; set; }

    /// <summary>Who is copying from it or filling it; only a unit of nobody is evicted.</summary>
    public int Pins { get; set; }

    /// <summary>Ends when the bytes are there; null when they are.</summary>
    public TaskCompletionSource? Filling { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The place in the order of use; null while it is being filled.</summary>
    public LinkedListNode<CacheUnit>? Place { get; set; }
}
