using System.Runtime.ExceptionServices;

namespace HyperBdr.Engine.Sync;

/// <summary>Tasks that end together: the first failure cancels the others and is the one that is thrown.</summary>
internal static class TaskGroup
{
    public static async Task RunAsync(Func<Task> work, CancellationTokenSource stop)
    {
        try
        {
            await Task.Run(work, CancellationToken.None);
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    /// <summary>Returns when all have ended.</summary>
    public static async Task WaitAsync(IReadOnlyList<Task> tasks, CancellationToken ct)
    {
        await Task.WhenAll(tasks).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var failures = tasks.Where(t => t.IsFaulted).Select(t => t.Exception!.InnerException!).ToList();
        var cause = failures.Find(e => e is not OperationCanceledException);
        if (cause is not null) ExceptionDispatchInfo.Throw(cause);
        ct.ThrowIfCancellationRequested();
        await Task.WhenAll(tasks);
    }
}
