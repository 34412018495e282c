using System.Text.Json;
using HyperBdr.Ant.Domain;
using HyperBdr.Ant.Domain.Hosts;
using HyperBdr.Ant.Features.Licences;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults;

namespace HyperBdr.Ant.Plans.Syncs;

/// <summary>Task <c>sync</c>: opens a write session, lets the machine write, lists the point.</summary>
internal static class SyncPlan
{
    public const string Type = "sync";
    public const string StoppedCode = "stopped_by_user";

    public const string Host = "source_id";
    public const string Mode = "mode";
    public const string Pool = "pool_id";
    public const string Limit = "limit_mbps";
    public const string Session = "session_id";
    public const string Sealed = "sealed_session";
    public const string ActualMode = "actual_mode";
    public const string Excluded = "excluded_disks";
    public const string Point = "point_id";
    public const string DoneMode = "done_mode";
    public const string Note = "mode_note";
    public const string Outcome = "outcome";
    public const string TakenAt = "taken_at";
    public const string Disks = "disks";
    public const string ModeReason = "mode_reason";
    private const string Listed = "listed";

    public static TaskPlan Plan(SyncOptions options) => new(Type, [Host, Mode, ModeReason, Pool, Limit],
    [
        new StepPlan("prepare", [Host, Mode, ModeReason, Pool], [Session, Sealed, ActualMode, Excluded, Disks], PrepareStep.RunAsync),
        // The machine goes on by itself while ant or porter are away; only its own silence has a bound, in the step.
        new StepPlan("transfer", [Host, Sealed, ActualMode, Excluded, Limit], [Point, DoneMode, Note, Outcome], TransferStep.RunAsync) { IsLong = true, Patience = options.TransferPatience },
        new StepPlan("commit", [Session, Point, DoneMode, Outcome], [TakenAt, Listed], CommitStep.RunAsync) { IsLong = true },
    ])
    {
        Ended = EndedAsync,
        Retried = RetriedAsync,
    };

    public static StepResult Listing(DateTimeOffset takenAt, string message) =>
        StepResult.Pass(message, new Dictionary<string, string>(StringComparer.Ordinal) { [TakenAt] = takenAt.ToString("O"), [Listed] = "yes" });

    private static async Task EndedAsync(IServiceProvider services, DurableTask task, CancellationToken ct)
    {
        var db = services.GetRequiredService<AntDb>();
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        if (await services.GetRequiredService<HostRows>().LockAsync(task.SourceId, ct) is not { } host || host.CurrentTaskId != task.Id) return;
        var values = Values(task);
        if (task.Status == TaskState.Done)
        {
            var note = values.GetValueOrDefault(Note) is { Length: > 0 } why ? why : null;
            Measure(host, values);
            host.SyncDone(values[Point], DateTimeOffset.Parse(values[TakenAt]), values[DoneMode], note, now);
            return;
        }

        var code = task.Status == TaskState.Aborted ? StoppedCode : task.ErrorCode ?? "ant.task.failed";
        host.SyncFailed(code, task.ErrorDescription ?? "The sync failed.", now);
        if (values.GetValueOrDefault(Session) is { } session && !MayStillCommit(task)) db.SyncRemains.Add(RemainsOf(task, session, now));
    }

    private static void Measure(ProtectedHost host, Dictionary<string, string> values)
    {
        var outcome = SyncOutcome.Parse(values[Outcome]);
        host.Measured(JsonSerializer.Deserialize<List<HostDisk>>(values[Disks], Json.Options)!, values[DoneMode], outcome.SentBytes, DateTimeOffset.Parse(values[TakenAt]));
    }

    /// <summary>What was transferred is kept in the repository; only a session that ended cannot be gone on with.</summary>
    private static async Task<Error?> RetriedAsync(IServiceProvider services, DurableTask task, CancellationToken ct)
    {
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        if (await services.GetRequiredService<HostRows>().LockAsync(task.SourceId, ct) is not { } host) return ProtectedHost.NotFound;
        if (host.CannotSync() is { } refusal) return refusal;
        if (await services.GetRequiredService<LicenceUnits>().TakeAsync(host, task.Operator, ct) is { } none) return none;
        task.Retry(now, anew: !MayStillCommit(task));
        // It asks for a place like every other sync.
        task.Hold();
        host.BeginSync(task.Id, task.Inputs?.GetValueOrDefault(Mode) ?? SyncModes.Incremental, mbps: null, now);
        return null;
    }

    /// <summary>All data is stored, only nobody answered when the point was to be listed.</summary>
    private static bool MayStillCommit(DurableTask task) =>
        task.ErrorCode == DurableTask.GaveUpCode && task.Steps.Exists(s => s is { Name: "commit", Status: StepState.Failed });

    private static SyncRemains RemainsOf(DurableTask task, string session, DateTimeOffset now) => new()
    {
        RunId = task.RunId,
        TenantId = task.TenantId,
        HostId = task.SourceId,
        SessionId = session,
        StopCommandId = Guid.CreateVersion7(),
        DueAt = now,
    };

    private static Dictionary<string, string> Values(DurableTask task) => task.Steps.SelectMany(s => s.Returned ?? [])
        .ToDictionary(v => v.Key, v => v.Value, StringComparer.Ordinal);
}

/// <summary>Numbers of syncs.</summary>
internal sealed record SyncOptions
{
    /// <summary>Syncs at once per tenant; more wait.</summary>
    public int PerTenant { get; init; } = 20;

    /// <summary>How long a machine may be away during a transfer before the sync fails.</summary>
    public TimeSpan OfflineLimit { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long porter may be silent during a transfer.</summary>
    public TimeSpan TransferPatience { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How often a running transfer looks at windows and at the machine's absence.</summary>
    public TimeSpan LookEach { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A command that could not be delivered in this time is given up.</summary>
    public TimeSpan CommandLife { get; init; } = TimeSpan.FromHours(24);

    /// <summary>A sync that waits longer for a place is told as a problem.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromHours(1);
}
