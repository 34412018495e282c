using HyperBdr.Engine.Stores;

namespace HyperBdr.EngineFaults.Tests.Stores;

/// <summary>A store with a defect: a put ends with an exception that no store should let out.</summary>
internal sealed class DefectiveStore(IBlobStore inner, Func<BlobName, bool> strikes) : StoreDecorator(inner)
{
    public override Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct) =>
        strikes(name) ? Task.FromException<PutOutcome>(new InvalidOperationException("a defect")) : base.PutAsync(name, content, ct);
}

/// <summary>A store that gives fewer bytes than were asked for, once, and calls it success.</summary>
internal sealed class ShortReads(IBlobStore inner, int shortRead) : StoreDecorator(inner)
{
    private int reads;

    public override Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct) =>
        base.ReadAsync(name, offset, Interlocked.Increment(ref reads) == shortRead ? into[..(into.Length / 2)] : into, ct);
}
