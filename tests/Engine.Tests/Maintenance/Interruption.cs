using System.Runtime.CompilerServices;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Tests.Maintenance;

/// <summary>Cuts a process off its store: the call with this number fails before or after its effect, and every later one at once.</summary>
internal sealed class CutStore(IBlobStore inner, int failing, bool afterEffect) : IBlobStore
{
    private int calls;

    /// <summary>Calls so far.</summary>
    public int Calls => Volatile.Read(ref calls);

    public string Location => inner.Location;

    public Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct) => RunAsync(() => inner.PutAsync(name, content, ct));

    public Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct) => RunAsync(() => inner.ReadAsync(name, offset, into, ct));

    public Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct) => RunAsync(() => inner.FindAsync(name, ct));

    public async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var blob in await RunAsync(async () => await inner.ListAsync(prefix, ct).ToListAsync(ct))) yield return blob;
    }

    public Task DeleteAsync(BlobName name, CancellationToken ct) => RunAsync(async () =>
    {
        await inner.DeleteAsync(name, ct);
        return true;
    });

    public Task<DateTimeOffset> ClockAsync(CancellationToken ct) => RunAsync(() => inner.ClockAsync(ct));

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async Task<T> RunAsync<T>(Func<Task<T>> call)
    {
        var number = Interlocked.Increment(ref calls);
        if (number > failing || (number == failing && !afterEffect)) throw new EngineException(Fault.StoreFailed, "store", $"cut at call {number}");
        var result = await call();
        return number < failing ? result : throw new EngineException(Fault.StoreFailed, "store", $"cut after call {number}");
    }
}
