using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Persistence;

namespace HyperBdr.Ant.Domain;

/// <summary>Wire words: <c>working</c>, <c>done</c>, <c>failed</c>, <c>aborted</c>.</summary>
public enum TaskState
{
    Working,
    Done,
    Failed,
    Aborted,
    /// <summary>Waits until fewer of its kind run for the tenant; wire word <c>pending</c>.</summary>
    Pending,
}

public enum StepState
{
    Pending,
    Running,
    Done,
    Failed,
    /// <summary>Never ran, or was cut off by an abort.</summary>
    Skipped,
}

/// <summary>Work of several steps that survives the death of whoever runs it.</summary>
/// <remarks>
/// Only the holder of the lease runs it. Every write first locks the row and compares <see cref="Fence"/>, so a worker that lost its
/// lease, or whose task was aborted, can save nothing. A step that ended is never run again.
/// </remarks>
public sealed class DurableTask : ITenantOwned
{
    public static readonly Error NotFound = new(ErrorKind.NotFound, "ant.task.not_found", "No such task.");
    public static readonly Error Ended = new(ErrorKind.Conflict, "ant.task.ended", "The task has ended; there is nothing to abort.");
    public static readonly Error NotFailed = new(ErrorKind.Conflict, "ant.task.not_failed", "Only a failed or aborted task can be retried.");
    public const string AbortedCode = "ant.task.aborted";
    public const string GaveUpCode = "ant.step.gave_up";

    private DurableTask()
    {
    }

    public Guid Id { get; private init; }
    public Guid TenantId { get; private init; }
    public string Type { get; private init; } = "";
    public string SourceType { get; private init; } = "";
    public Guid SourceId { get; private init; }
    public string SourceName { get; private init; } = "";
    public string Operator { get; private init; } = "";
    public TaskState Status { get; private set; }
    public string? ErrorCode { get; private set; }
    public string? ErrorDescription { get; private set; }
    public DateTimeOffset StartAt { get; private init; }
    public DateTimeOffset? EndAt { get; private set; }
    /// <summary>Not before this moment: creation, or the next try of a step.</summary>
    public DateTimeOffset DueAt { get; private set; }
    /// <summary>Since when the present step meets transient faults.</summary>
    public DateTimeOffset? TroubledSince { get; private set; }
    public Guid? LeaseOwner { get; private set; }
    public DateTimeOffset? LeaseUntil { get; private set; }
    /// <summary>Grows with each new holder, each abort and each retry.</summary>
    public long Fence { get; private set; }
    public List<TaskStep> Steps { get; private init; } = [];
    /// <summary>Names this run of the task outside: sessions and commands. The task's id, until a retry begins anew.</summary>
    public Guid RunId { get; private set; }
    /// <summary>What its creator decided.</summary>
    public Dictionary<string, string>? Inputs { get; private init; }
    /// <summary>Of a task that moves data.</summary>
    public TaskProgress? Progress { get; private set; }
    /// <summary>That it waits for very long has been told.</summary>
    public bool WaitReported { get; private set; }

    public bool IsOpen => Status is TaskState.Working or TaskState.Pending;

    public int Percent => Progress is { } moved && Status != TaskState.Done ? moved.Percent
        : Steps.Count == 0 ? 0 : Steps.Count(s => s.Status == StepState.Done) * 100 / Steps.Count;

    /// <summary>The step to run: the one that was cut off, or the first that waits.</summary>
    public TaskStep? Current => Steps.OrderBy(s => s.Position).FirstOrDefault(s => s.Status is StepState.Running or StepState.Pending);

    public static DurableTask Create(Guid id, Guid tenantId, string type, TaskSource source, string @operator, IEnumerable<string> steps, DateTimeOffset now, Dictionary<string, string>? inputs = null) => new()
    {
        Id = id,
        RunId = id,
        Inputs = inputs,
        TenantId = tenantId,
        Type = type,
        SourceType = source.Type,
        SourceId = source.Id,
        SourceName = source.Name,
        Operator = @operator,
        StartAt = now,
        DueAt = now,
        Steps = [.. steps.Select((name, i) => new TaskStep(id, i + 1, name))],
    };

    /// <summary>Waits for a place instead of being run at once.</summary>
    public void Hold() => Status = TaskState.Pending;

    /// <summary>A long step goes on; earlier trouble is over.</summary>
    public void Moved(TaskStep step, TaskProgress progress, string message)
    {
        step.Wait(message);
        Progress = progress;
        TroubledSince = null;
    }

    public void EndStep(TaskStep step, string message, IReadOnlyDictionary<string, string> returned, DateTimeOffset now)
    {
        step.End(message, returned, now);
        TroubledSince = null;
    }

    /// <summary>A transient fault: the step is tried again later, by whoever is free then.</summary>
    public void Postpone(TaskStep step, string message, TimeSpan wait, DateTimeOffset now)
    {
        step.Wait(message);
        Progress = Progress?.AtRest();
        TroubledSince ??= now;
        DueAt = now + wait;
        Release();
    }

    public void Fail(TaskStep step, string code, string reason, DateTimeOffset now)
    {
        step.Fail(reason, now);
        (ErrorCode, ErrorDescription) = (code, reason);
        Finish(TaskState.Failed, now);
    }

    public void Complete(DateTimeOffset now) => Finish(TaskState.Done, now);

    /// <summary>Takes effect at once; the worker that runs it notices by the fence and stops its step.</summary>
    public void Abort(string by, DateTimeOffset now, string code = AbortedCode)
    {
        var what = code == AbortedCode ? "Aborted" : "Stopped";
        (ErrorCode, ErrorDescription) = (code, $"{what} by {by}.");
        Current?.Skip($"{what} by {by}.", now);
        Finish(TaskState.Aborted, now);
        // Whoever runs it now can write no more.
        Fence++;
    }

    /// <summary>Goes on from the step that failed; what is done stays done.</summary>
    /// <param name="anew">All steps run again under a new <see cref="RunId"/>: what the earlier run had outside is gone.</param>
    public void Retry(DateTimeOffset now, bool anew = false)
    {
        foreach (var step in Steps) step.Reset(anew);
        if (anew) (RunId, Progress) = (Guid.CreateVersion7(), null);
        WaitReported = false;
        (Status, ErrorCode, ErrorDescription, EndAt, TroubledSince) = (TaskState.Working, null, null, null, null);
        DueAt = now;
        Fence++;
    }

    private void Finish(TaskState status, DateTimeOffset now)
    {
        Progress = Progress?.AtRest();
        foreach (var step in Steps) step.SkipIfPending();
        (Status, EndAt) = (status, now);
        Release();
    }

    private void Release() => (LeaseOwner, LeaseUntil) = (null, null);
}

/// <summary>How far a task that moves data has come. Bytes; <paramref name="RemainingS"/> 0 when it is not known.</summary>
public sealed record TaskProgress(
    string Phase, int Percent, long TotalBytes, long DoneBytes, long ReadBytes, long SkippedBytes, long StoredBytes, long SentBytes, long BytesPerSecond, long RemainingS, DateTimeOffset At)
{
    /// <summary>Each disk; null where the machine does not say.</summary>
    public IReadOnlyList<DiskProgress>? Disks { get; init; }

    /// <summary>Nothing moves at this moment: neither speed nor time left is known.</summary>
    public TaskProgress AtRest() => this with { BytesPerSecond = 0, RemainingS = 0 };
}

/// <summary>How far one disk has come. Bytes.</summary>
public sealed record DiskProgress(string Id, long TotalBytes, long DoneBytes);

/// <summary>What a task is about.</summary>
public sealed record TaskSource(string Type, Guid Id, string Name);
