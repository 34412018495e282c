using HyperBdr.AppHost.Processes.Logs;
using HyperBdr.Contracts.Control;

namespace HyperBdr.AppHost.Processes.Supervision;

/// <summary>Keeps one runnable in the wanted state: running and healthy, or stopped.</summary>
internal sealed class Supervised(IRunnable runnable, Home home, StateBoard board, Func<Need, bool> isMet, TimeProvider time) : IAsyncDisposable
{
    /// <summary>EX_CONFIG of sysexits(3): its configuration is wrong, so starting it again cannot help.</summary>
    public const int ConfigurationFault = 78;

    private static readonly TimeSpan WhileStarting = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan WhileFailing = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WhileHealthy = TimeSpan.FromSeconds(5);

    /// <summary>A process that gives no answer at all for so long is hung (stopped, deadlocked): it is started again.</summary>
    private static readonly TimeSpan HungAfter = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly BackOff _backOff = new(time);
    private CancellationTokenSource _stopAsked = new();
    private CancellationToken _killNow;
    private volatile bool _wanted;

    public IRunnable Runnable => runnable;
    public RotatingLog Log { get; } = new(Path.Combine(home.Logs, runnable.Name, runnable.Name + ".log"));
    public ServiceState State { get; private set; } = ServiceState.Exited;
    public int? ExitCode { get; private set; }
    public int? ProcessId { get; private set; }
    public DateTimeOffset? StartedAt { get; private set; }
    public int Restarts { get; private set; }
    public string? Problem { get; private set; }

    /// <summary>Ended for a reason that another start cannot mend.</summary>
    public bool HasFailed { get; private set; }

    public bool IsWanted => _wanted;
    public bool IsCompleted => State is ServiceState.Exited && ExitCode == 0 && StartedAt is not null && !_wanted;
    public bool IsReady => State is ServiceState.Healthy or ServiceState.Up || (runnable is IRunsToCompletion && IsCompleted);

    public void Start()
    {
        lock (_gate)
        {
            if (_wanted) return;
            if (_stopAsked.IsCancellationRequested) _stopAsked = new CancellationTokenSource();
            (_wanted, HasFailed, Problem, ExitCode) = (true, false, null, null);
            State = ServiceState.Waiting;
        }
        board.Changed();
    }

    /// <summary>Ends it and waits until it has; it is not started again.</summary>
    /// <param name="killNow">Fires when there is no more time for an orderly end.</param>
    public async Task StopAsync(CancellationToken killNow)
    {
        CancellationTokenSource asked;
        lock (_gate)
        {
            _wanted = false;
            _killNow = killNow;
            asked = _stopAsked;
        }
        await asked.CancelAsync();
        board.Changed();
        await board.UntilAsync(() => State is ServiceState.Exited, CancellationToken.None);
    }

    /// <summary>Runs until the token fires; the process itself is ended by <see cref="StopAsync"/>.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            await board.UntilAsync(() => _wanted, ct);
            var stop = _stopAsked.Token;
            try
            {
                await board.UntilAsync(() => runnable.Needs.All(isMet), stop);
                await RunOnceAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                Became(ServiceState.Exited);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        _stopAsked.Dispose();
    }

    private async Task RunOnceAsync(CancellationToken stop)
    {
        Child child;
        try
        {
            await runnable.PrepareAsync(stop);
            child = await Child.StartAsync(runnable.CreateLaunch(), Path.Combine(home.Run, runnable.Name + Leftovers.Extension), Log);
        }
        catch (StartProblemException e)
        {
            Failed(ConfigurationFault, e.Message);
            return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            await RestartLaterAsync(exitCode: 1, e.Message, stop);
            return;
        }

        using (child)
        {
            (ProcessId, StartedAt, ExitCode) = (child.Id, time.GetUtcNow(), null);
            Became(runnable.HasCheck ? ServiceState.Starting : ServiceState.Up);
            await WatchAsync(child, stop);
            if (!child.Exited.IsCompleted) await child.StopAsync(runnable.StopSignal, runnable.StopLimit, _killNow);
            await EndedAsync(await child.Exited, child.LastError, stop);
        }
    }

    private async Task EndedAsync(int exitCode, string? lastError, CancellationToken stop)
    {
        (ProcessId, ExitCode) = (null, exitCode);
        if (stop.IsCancellationRequested) Became(ServiceState.Exited);
        else if (exitCode == 0 && runnable is IRunsToCompletion) Completed();
        else if (exitCode == ConfigurationFault) Failed(exitCode, lastError ?? "its configuration is wrong");
        else await RestartLaterAsync(exitCode, $"ended with exit {exitCode}" + (string.IsNullOrWhiteSpace(lastError) ? "" : $": {lastError}"), stop);
    }

    /// <summary>Returns when the process has ended, when it is hung, or when it shall stop.</summary>
    private async Task WatchAsync(Child child, CancellationToken stop)
    {
        var started = false;
        var lastAnswer = time.GetTimestamp();
        while (!child.Exited.IsCompleted && !stop.IsCancellationRequested)
        {
            var pause = WhileHealthy;
            if (runnable.HasCheck)
            {
                var check = await LookAsync(started, stop);
                if (check.Answered) lastAnswer = time.GetTimestamp();
                if (stop.IsCancellationRequested || child.Exited.IsCompleted) return;
                if (check.Healthy) (started, pause) = (true, WhileHealthy);
                else pause = started ? WhileFailing : WhileStarting;
                Checked(check, started);
                if (!check.Answered && time.GetElapsedTime(lastAnswer) > HungAfter)
                {
                    child.Kill();
                    return;
                }
            }
            await Task.WhenAny(child.Exited, Task.Delay(pause, time, stop));
        }
    }

    private async Task<Check> LookAsync(bool started, CancellationToken stop)
    {
        try
        {
            var check = await runnable.CheckAsync(stop);
            if (check.Healthy && !started) await runnable.CompleteStartAsync(stop);
            return check;
        }
        catch (StartProblemException e)
        {
            return Check.Refused(e.Message);
        }
        catch (OperationCanceledException)
        {
            return Check.Silent("gave no answer in time");
        }
    }

    private void Checked(Check check, bool started)
    {
        Problem = check.Healthy ? null : check.Problem;
        if (check.Healthy) _backOff.Healthy();
        else _backOff.NotHealthy();
        Became(check.Healthy ? ServiceState.Healthy : started ? ServiceState.Unhealthy : ServiceState.Starting);
    }

    private async Task RestartLaterAsync(int exitCode, string problem, CancellationToken stop)
    {
        (ProcessId, ExitCode, Problem) = (null, exitCode, problem);
        Restarts++;
        Became(ServiceState.Restarting);
        await Task.Delay(_backOff.Next(), time, stop);
    }

    private void Completed()
    {
        lock (_gate) _wanted = false;
        Problem = null;
        Became(ServiceState.Exited);
    }

    private void Failed(int exitCode, string problem)
    {
        lock (_gate) _wanted = false;
        (ProcessId, ExitCode, Problem, HasFailed) = (null, exitCode, problem, true);
        Became(ServiceState.Exited);
    }

    private void Became(ServiceState state)
    {
        State = state;
        board.Changed();
    }
}
