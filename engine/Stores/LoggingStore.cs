using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace HyperBdr.Engine.Stores;

/// <summary>Logs calls (debug) and failures (warning): name, amount, time; never content. Event ids 7000 to 7009.</summary>
public sealed partial class LoggingStore(IBlobStore inner, ILogger logger, TimeProvider time) : StoreDecorator(inner)
{
    /// <inheritdoc/>
    public override Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct) =>
        Run(StoreCall.Put, name.Value, () => Inner.PutAsync(name, content, ct), _ => content.Length);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct) =>
        Run(StoreCall.Read, name.Value, () => Inner.ReadAsync(name, offset, into, ct), read => read);

    /// <inheritdoc/>
    public override Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct) => Run(StoreCall.Find, name.Value, () => Inner.FindAsync(name, ct), found => found?.Length ?? -1);

    /// <inheritdoc/>
    public override async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        var began = time.GetTimestamp();
        var count = 0L;
        await using var names = Inner.ListAsync(prefix, ct).GetAsyncEnumerator(ct);
        while (true)
        {
            try
            {
                if (!await names.MoveNextAsync()) break;
            }
            catch (EngineException e)
            {
                LogFailed(e, StoreCall.List, prefix, e.Code, time.GetElapsedTime(began).TotalMilliseconds);
                throw;
            }

            count++;
            yield return names.Current;
        }

        LogDone(StoreCall.List, prefix, count, time.GetElapsedTime(began).TotalMilliseconds);
    }

    /// <inheritdoc/>
    public override Task DeleteAsync(BlobName name, CancellationToken ct) => Run(StoreCall.Delete, name.Value, async () =>
    {
        await Inner.DeleteAsync(name, ct);
        return true;
    }, _ => 0);

    /// <inheritdoc/>
    public override Task<DateTimeOffset> ClockAsync(CancellationToken ct) => Run(StoreCall.Clock, "", () => Inner.ClockAsync(ct), _ => 0);

    private async Task<T> Run<T>(StoreCall call, string subject, Func<Task<T>> work, Func<T, long> amount)
    {
        var began = time.GetTimestamp();
        try
        {
            var result = await work();
            LogDone(call, subject, amount(result), time.GetElapsedTime(began).TotalMilliseconds);
            return result;
        }
        catch (EngineException e)
        {
            LogFailed(e, call, subject, e.Code, time.GetElapsedTime(began).TotalMilliseconds);
            throw;
        }
    }

    [LoggerMessage(7000, LogLevel.Debug, "{Call} {Subject}: {Amount} in {Milliseconds:0.0} ms")]
    private partial void LogDone(StoreCall call, string subject, long amount, double milliseconds);

    [LoggerMessage(7001, LogLevel.Warning, "{Call} {Subject} failed with {Code} after {Milliseconds:0.0} ms")]
    private partial void LogFailed(EngineException e, StoreCall call, string subject, string code, double milliseconds);
}
