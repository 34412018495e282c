namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>Wakes whoever waits for a condition over the services' states, at every change.</summary>
internal sealed class StateBoard
{
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Changed()
    {
        var before = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        before.TrySetResult();
    }

    public async Task UntilAsync(Func<bool> condition, CancellationToken ct)
    {
        while (true)
        {
            // Taken before the look, so that a change between the look and the wait is not missed.
            var changed = _changed.Task;
            if (condition()) return;
            await changed.WaitAsync(ct);
        }
    }
}
