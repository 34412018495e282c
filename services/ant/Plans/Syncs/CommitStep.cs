using HyperBdr.Contracts.Storplus.V1;

namespace HyperBdr.Ant.Plans.Syncs;

/// <summary>Lets storplus check everything that the point refers to, and list it.</summary>
internal static class CommitStep
{
    /// <summary>Every object that a point refers to is looked for.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);

    public static async Task<StepResult> RunAsync(StepRun run, CancellationToken ct)
    {
        var outcome = SyncOutcome.Parse(run.Values[SyncPlan.Outcome]);
        var request = new CommitWriteSessionRequest
        {
            SessionId = run.Values[SyncPlan.Session],
            PointId = run.Values[SyncPlan.Point],
            Consistency = outcome.Consistency,
            ConsistencyReason = outcome.ConsistencyReason ?? "",
            Mode = run.Values[SyncPlan.DoneMode],
            ModeReason = outcome.ModeReason ?? "",
            SentBytes = outcome.SentBytes,
            FreezeUs = outcome.FreezeUs,
            DurationUs = outcome.DurationUs,
        };
        request.Warnings.AddRange(outcome.Warnings);
        var point = await Remote.AskAsync("The storage service", () =>
            run.Services.GetRequiredService<WriteSessions.WriteSessionsClient>().CommitAsync(request, cancellationToken: ct, deadline: run.Services.GetRequiredService<TimeProvider>().GetUtcNow().Add(Longest).UtcDateTime).ResponseAsync, ct);
        if (point.IsError) return StepResult.Fail(point.Error.Code, point.Error.Message);
        var takenAt = point.Value.TakenAt?.ToDateTimeOffset() ?? run.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        return SyncPlan.Listing(takenAt, $"The recovery point of {takenAt:yyyy-MM-dd HH:mm:ss} UTC is whole and listed; {Bytes.Text(point.Value.StoredBytes)} were stored.");
    }
}
