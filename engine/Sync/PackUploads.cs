using HyperBdr.Engine.Index;
using HyperBdr.Engine.Packs;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Sync;

/// <summary>Puts finished packs into the store, a few side by side, and tells which are durable. Safe for calls side by side.</summary>
internal sealed class PackUploads(IBlobStore store, int limit, BufferPool<Memory<byte>> buffers, SyncProgress progress, Func<PackEntry, CancellationToken, Task> durable) : IDisposable
{
    private readonly SemaphoreSlim slots = new(limit);
    private readonly Lock gate = new();
    private readonly HashSet<Task> running = [];
    private Exception? failure;

    /// <summary>Memory for a pack; waits until an upload has freed one.</summary>
    public ValueTask<Memory<byte>> RentAsync(CancellationToken ct) => buffers.RentAsync(ct);

    /// <summary>Takes the pack and its buffer; waits while as many as allowed are on their way.</summary>
    public async Task SubmitAsync(FinishedPack pack, CancellationToken ct)
    {
        await slots.WaitAsync(ct);
        if (failure is { } before)
        {
            slots.Release();
            throw new EngineException(before is EngineException cause ? cause.Fault : Fault.StoreFailed, PackFetcher.NameOf(pack.Entry.Id).Value, "an earlier pack could not be stored", before);
        }

        var upload = Task.Run(() => UploadAsync(pack, ct), CancellationToken.None);
        lock (gate) running.Add(upload);
        _ = upload.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Returns when every pack is durable.</summary>
    /// <exception cref="EngineException">One could not be stored.</exception>
    public async Task DrainAsync()
    {
        Task[] all;
        lock (gate) all = [.. running];
        await Task.WhenAll(all);
        if (failure is { } cause) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
    }

    public void Dispose() => slots.Dispose();

    private void Forget(Task upload)
    {
        lock (gate) running.Remove(upload);
    }

    private async Task UploadAsync(FinishedPack pack, CancellationToken ct)
    {
        try
        {
            await store.PutAsync(PackFetcher.NameOf(pack.Entry.Id), pack.Content, ct);
            progress.AddStored(pack.Length);
            buffers.Return(pack.Buffer);
            await durable(pack.Entry, ct);
        }
        catch (Exception e) when (Keep(e))
        {
            throw;
        }
        finally
        {
            slots.Release();
        }
    }

    // Whatever it is: a pack that is not durable must never be forgotten, or a point would be published that lacks it.
    private bool Keep(Exception e)
    {
        failure ??= e;
        return false;
    }
}
