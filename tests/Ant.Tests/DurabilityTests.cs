using HyperBdr.Ant.Domain;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Fixtures;
using Microsoft.EntityFrameworkCore;
using Shouldly;
using Xunit;

namespace HyperBdr.Ant.Tests;

/// <summary>The real worker process dies, stops, loses its lease, is told to abort; its tasks neither get lost nor finish twice.</summary>
public sealed class DurabilityTests(BenchFixture shared) : IClassFixture<BenchFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private static readonly (string, string)[] ShortLease = [("Ant__Worker__Lease", "00:00:03"), ("Ant__Worker__RenewEach", "00:00:01"), ("Ant__Worker__LookEach", "00:00:00.3"), ("Ant__Worker__LongestWait", "00:00:01")];
    private static readonly string[] Steps = ["connect", "read_after_write", "list", "range_read", "conditional_create", "delete"];
    private readonly Bench bench = shared.Bench;
    private ScriptedStorplus storplus = null!;

    public async ValueTask InitializeAsync() => storplus = await ScriptedStorplus.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await bench.StopServicesAsync();
        await storplus.DisposeAsync();
    }

    [Fact]
    public async Task A_task_whose_worker_is_killed_goes_on_from_its_last_finished_step()
    {
        storplus.Steps.HoldAt = ProbeStep.RangeRead;
        var first = await bench.StartAntAsync(storplus.Address, ShortLease);
        var id = await AddTaskAsync();
        await HeldAtAsync(ProbeStep.RangeRead, times: 1);
        await first.KillAsync();
        (await LoadAsync(id)).Status.ShouldBe(TaskState.Working);

        storplus.Steps.Release();
        var second = await bench.StartAntAsync(storplus.Address, ShortLease);
        var task = await EndedAsync(id);
        task.Status.ShouldBe(TaskState.Done);
        // The cut-off step ran again; nothing before it did.
        CallsOf(id).ShouldBe([ProbeStep.Connect, ProbeStep.ReadAfterWrite, ProbeStep.List, ProbeStep.RangeRead, ProbeStep.RangeRead, ProbeStep.ConditionalCreate, ProbeStep.Delete]);
        task.Steps.OrderBy(s => s.Position).Select(s => s.Attempts).ShouldBe([1, 1, 1, 2, 1, 1]);
        second.Output.ShouldNotContain("unexpected fault");
    }

    [Fact]
    public async Task A_worker_that_slept_past_its_lease_writes_nothing_more()
    {
        storplus.Steps.HoldAt = ProbeStep.List;
        var sleeper = await bench.StartAntAsync(storplus.Address, ShortLease);
        var id = await AddTaskAsync();
        await HeldAtAsync(ProbeStep.List, times: 1);
        var fence = (await LoadAsync(id)).Fence;
        await sleeper.SignalAsync("STOP");
        var other = await bench.StartAntAsync(storplus.Address, ShortLease);
        await HeldAtAsync(ProbeStep.List, times: 2);
        (await LoadAsync(id)).Fence.ShouldBe(fence + 1);

        // The sleeper wakes with its step's answer waiting, at the very moment at which the other one also gets its own.
        storplus.Steps.Release();
        await sleeper.SignalAsync("CONT");
        var task = await EndedAsync(id);
        task.Status.ShouldBe(TaskState.Done);
        task.Fence.ShouldBe(fence + 1);
        task.Steps.Single(s => s.Name == "list").Attempts.ShouldBe(2);
        await Waiting.UntilAsync("the sleeper found out", Soon, () => Task.FromResult(sleeper.Output.Contains("aborted or went to another worker", StringComparison.Ordinal)));
        CallsOf(id).Count(c => c == ProbeStep.Delete).ShouldBe(1);
        other.Output.ShouldNotContain("aborted or went to another worker");
    }

    [Fact]
    public async Task Two_workers_share_the_tasks_and_run_each_step_once()
    {
        await bench.StartAntAsync(storplus.Address, ShortLease);
        await bench.StartAntAsync(storplus.Address, ShortLease);
        var ids = new List<Guid>();
        for (var i = 0; i < 60; i++) ids.Add(await AddTaskAsync());
        foreach (var id in ids) (await EndedAsync(id)).Status.ShouldBe(TaskState.Done);
        storplus.Steps.Calls.GroupBy(c => c).ShouldAllBe(g => g.Count() == 1);
        storplus.Steps.Calls.Count.ShouldBe(60 * Steps.Length);
    }

    [Fact]
    public async Task An_abort_takes_effect_at_once_and_a_retry_goes_on_from_the_aborted_step()
    {
        storplus.Steps.HoldAt = ProbeStep.List;
        var ant = await bench.StartAntAsync(storplus.Address, ShortLease);
        using var ops = bench.Call(ant);
        var id = await AddTaskAsync();
        await HeldAtAsync(ProbeStep.List, times: 1);
        var (status, aborted) = await ops.PostAsync($"/api/v1/ant/tasks/{id}/abort");
        status.ShouldBe(200);
        aborted["status"]!.GetValue<string>().ShouldBe("aborted");
        aborted["error_code"]!.GetValue<string>().ShouldBe("ant.task.aborted");
        aborted["steps"]!.AsArray().Select(s => s!["status"]!.GetValue<string>()).ShouldBe(["done", "done", "skipped", "skipped", "skipped", "skipped"]);
        (await ops.PostAsync($"/api/v1/ant/tasks/{id}/abort")).Status.ShouldBe(409);
        // The held step is let go by the worker itself, within the abort's two seconds.
        await Waiting.UntilAsync("the step was stopped", TimeSpan.FromSeconds(2), () => Task.FromResult(ant.Output.Contains("aborted or went to another worker", StringComparison.Ordinal)));

        storplus.Steps.Release();
        var (again, retried) = await ops.PostAsync($"/api/v1/ant/tasks/{id}/retry");
        again.ShouldBe(200);
        retried["status"]!.GetValue<string>().ShouldBe("working");
        var task = await EndedAsync(id);
        task.Status.ShouldBe(TaskState.Done);
        CallsOf(id).Count(c => c == ProbeStep.ReadAfterWrite).ShouldBe(1);
        (await ops.PostAsync($"/api/v1/ant/tasks/{id}/retry")).Status.ShouldBe(409);
    }

    [Fact]
    public async Task A_failed_step_fails_the_task_with_the_stores_reason_and_skips_the_rest()
    {
        storplus.Steps.FailAt = ProbeStep.RangeRead;
        await bench.StartAntAsync(storplus.Address, ShortLease);
        var id = await AddTaskAsync();
        var task = await EndedAsync(id);
        task.Status.ShouldBe(TaskState.Failed);
        task.ErrorCode.ShouldBe("storplus.probe.full");
        task.ErrorDescription.ShouldBe("The store has no space or quota left.");
        task.Steps.OrderBy(s => s.Position).Select(s => s.Status).ShouldBe([StepState.Done, StepState.Done, StepState.Done, StepState.Failed, StepState.Skipped, StepState.Skipped]);
    }

    [Fact]
    public async Task While_storplus_is_away_the_step_waits_and_says_so_and_goes_on_afterwards()
    {
        storplus.Steps.Away = true;
        await bench.StartAntAsync(storplus.Address, ShortLease);
        var id = await AddTaskAsync();
        await Waiting.UntilAsync("a try failed", Soon, async () => (await LoadAsync(id)).Steps.OrderBy(s => s.Position).First() is { Attempts: >= 2, Message: { } message } && message.Contains("does not answer", StringComparison.Ordinal));
        (await LoadAsync(id)).Status.ShouldBe(TaskState.Working);
        storplus.Steps.Away = false;
        var task = await EndedAsync(id);
        task.Status.ShouldBe(TaskState.Done);
        task.TroubledSince.ShouldBeNull();
    }

    [Fact]
    public async Task A_step_that_meets_trouble_for_too_long_fails_the_task()
    {
        storplus.Steps.Away = true;
        await bench.StartAntAsync(storplus.Address, [.. ShortLease, ("Ant__Worker__Patience", "00:00:02")]);
        var task = await EndedAsync(await AddTaskAsync());
        task.Status.ShouldBe(TaskState.Failed);
        task.ErrorCode.ShouldBe("ant.step.gave_up");
        task.ErrorDescription!.ShouldStartWith("The storage service does not answer");
    }

    /// <summary>As the consumer of the bus makes one; its own test is in <see cref="CallTests"/>.</summary>
    private async Task<Guid> AddTaskAsync()
    {
        var now = TimeProvider.System.GetUtcNow();
        var id = Guid.CreateVersion7();
        await using var db = bench.Ant();
        db.Tasks.Add(DurableTask.Create(id, bench.Tenant, "probe_pool", new TaskSource("pool", Guid.CreateVersion7(), "pool"), "ops", Steps, now));
        db.Add(new TaskCreated(id, "probe_pool", "pool", Guid.CreateVersion7(), "pool", "ops") { TenantId = bench.Tenant, OccurredAt = now });
        await db.SaveChangesAsync();
        return id;
    }

    private async Task<DurableTask> LoadAsync(Guid id)
    {
        await using var db = bench.Ant();
        return await db.Tasks.AsNoTracking().Include(t => t.Steps).SingleAsync(t => t.Id == id);
    }

    private Task<DurableTask> EndedAsync(Guid id) => Waiting.UntilAsync("the task ended", Soon, async () => await LoadAsync(id) is { Status: not TaskState.Working } task ? task : null);

    private Task HeldAtAsync(ProbeStep step, int times) => Waiting.UntilAsync($"{step} is held", Soon, () => Task.FromResult(storplus.Steps.Calls.Count(c => c.Step == step) == times));

    private List<ProbeStep> CallsOf(Guid id) => [.. storplus.Steps.Calls.Where(c => c.TaskId == id).Select(c => c.Step)];
}
