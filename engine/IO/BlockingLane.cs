using System.Collections.Concurrent;

namespace HyperBdr.Engine.IO;

/// <summary>A few threads of its own for calls that wait on a device, so that a slow disk never takes the thread pool's threads from computing.</summary>
/// <param name="name">Of the threads.</param>
/// <param name="width">Calls side by side at most; the rest wait in order.</param>
internal sealed class BlockingLane(string name, int width) : TaskScheduler, IDisposable
{
    private readonly BlockingCollection<Task> queue = [];
    private readonly Lock gate = new();
    private int threads;
    private int unfinished;

    public override int MaximumConcurrencyLevel => width;

    /// <summary>Runs the call on a thread of the lane. Once begun it is not abandoned, since it uses the caller's memory.</summary>
    public Task<T> RunAsync<T>(Func<T> call, CancellationToken ct) =>
        Task.Factory.StartNew(call, ct, TaskCreationOptions.DenyChildAttach | TaskCreationOptions.RunContinuationsAsynchronously, this);

    /// <summary>Calls that are queued still run; then the threads end.</summary>
    public void Dispose() => queue.CompleteAdding();

    protected override IEnumerable<Task> GetScheduledTasks() => queue.ToArray();

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override void QueueTask(Task task)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(queue.IsAddingCompleted, this);
            queue.Add(task);
            if (++unfinished <= threads || threads == width) return;
            threads++;
        }

        new Thread(Work) { IsBackground = true, Name = name }.Start();
    }

    private void Work()
    {
        foreach (var task in queue.GetConsumingEnumerable())
        {
            TryExecuteTask(task);
            lock (gate) unfinished--;
        }
    }
}
