namespace HyperBdr.S3Block.Storage;

/// <summary>One change of a key at a time; keys share a fixed number of locks.</summary>
internal sealed class KeyLocks
{
    private const int Count = 1024;

    private readonly SemaphoreSlim[] locks = [.. Enumerable.Range(0, Count).Select(_ => new SemaphoreSlim(1, 1))];

    public async ValueTask<Held> HoldAsync(string bucket, string key, CancellationToken ct)
    {
        var one = locks[(uint)HashCode.Combine(bucket, key) % Count];
        await one.WaitAsync(ct);
        return new Held(one);
    }

    internal readonly struct Held(SemaphoreSlim held) : IDisposable
    {
        public void Dispose() => held.Release();
    }
}
