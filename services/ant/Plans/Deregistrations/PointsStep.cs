using HyperBdr.Ant.Domain;
using HyperBdr.Contracts.Storplus.V1;

namespace HyperBdr.Ant.Plans.Deregistrations;

/// <summary>Waits for the time to think better of it, then lets storplus delete the host's points.</summary>
internal static class PointsStep
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    public static async Task<StepResult> RunAsync(StepRun run, CancellationToken ct)
    {
        if (run.Values[DeregisterPlan.KeepPoints] == "yes") return DeregisterPlan.PointsGone("The recovery points stay as their retention rules say.");
        var time = run.Services.GetRequiredService<TimeProvider>();
        var at = DateTimeOffset.Parse(run.Values[DeregisterPlan.DeleteAt]);
        for (var now = time.GetUtcNow(); now < at; now = time.GetUtcNow())
        {
            await run.Report(Waiting(now), $"The recovery points are deleted at {at:HH:mm:ss} UTC; until then an abort of this task keeps the host protected.", ct);
            await Task.Delay(at - now < Look ? at - now : Look, time, ct);
        }

        var request = new DeleteHostRequest { HostId = run.Values[DeregisterPlan.Host] };
        var gone = await Remote.AskAsync("The storage service", () =>
            run.Services.GetRequiredService<WriteSessions.WriteSessionsClient>().DeleteHostAsync(request, cancellationToken: ct, deadline: time.GetUtcNow().Add(Longest).UtcDateTime).ResponseAsync, ct);
        if (gone.IsError) return StepResult.Fail(gone.Error.Code, gone.Error.Message);
        var (left, held) = (gone.Value.Remaining, gone.Value.Held);
        if (left > 0 && run.Values[DeregisterPlan.Force] != "yes") throw new TransientFault($"The storage pool does not answer; {left} recovery points are still in it");
        var text = gone.Value.Deleted == 0 && left == 0 ? "There are no recovery points left to delete." : $"{gone.Value.Deleted} recovery points were deleted.";
        if (left > 0) text += $" {left} are in a storage pool that does not answer; they are deleted when it does.";
        if (held > 0) text += $" {held} are on hold and stay.";
        return DeregisterPlan.PointsGone(text);
    }

    private static TaskProgress Waiting(DateTimeOffset now) => new("grace", 50, 0, 0, 0, 0, 0, 0, 0, 0, now);
}
