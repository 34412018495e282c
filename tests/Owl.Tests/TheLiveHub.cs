using System.Text.Json;
using System.Threading.Channels;
using HyperBdr.Contracts.Events;
using HyperBdr.Contracts.Security;
using HyperBdr.Fixtures;
using HyperBdr.Owl.Persistence;
using HyperBdr.ServiceDefaults.Calls;
using Microsoft.AspNetCore.SignalR.Client;
using Shouldly;
using Xunit;

namespace HyperBdr.Owl.Tests;

public sealed class TheLiveHub(OwlWorld world)
{
    private readonly CancellationToken ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Shows_a_tenant_its_own_entries_and_tasks_and_nothing_of_others()
    {
        var (mine, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var task = Guid.CreateVersion7();
        await using var admin = await ConnectAsync(RunningService<OwlDb>.Person(Roles.TenantAdmin, mine));
        await using var reader = await ConnectAsync(RunningService<OwlDb>.Person(Roles.ReadOnly, mine));

        await world.PublishAsync(OwlWorld.Call(other, "not.for.you"));
        await world.PublishAsync(new TaskProgressed(Guid.CreateVersion7(), "connect", "running", 1, null) { TenantId = other, OccurredAt = Now });
        await world.PublishAsync(OwlWorld.Call(mine, "for.you"));
        await world.PublishAsync(new TaskProgressed(task, "list", "running", 40, "looking") { TenantId = mine, OccurredAt = Now });
        await world.PublishAsync(new TaskFinished(task, "probe_pool", Guid.CreateVersion7(), "cellar", "done", null, null) { TenantId = mine, OccurredAt = Now });

        var seen = await TakeAsync(admin, 4);
        seen.Select(m => m.Kind).Order(StringComparer.Ordinal).ShouldBe(["audit", "audit", "task", "task"]);
        seen.Where(m => m.Kind == "audit").Select(m => m.Body.GetProperty("action").GetString()).Order(StringComparer.Ordinal).ShouldBe(["for.you", "task_finished"]);
        var progress = seen.Single(m => m.Kind == "task" && m.Body.GetProperty("status").GetString() == "working").Body;
        (progress.GetProperty("id").GetGuid(), progress.GetProperty("percent").GetInt32(), progress.GetProperty("step").GetString(), progress.GetProperty("message").GetString()).ShouldBe((task, 40, "list", "looking"));
        // A role without the permission gets tasks and no entries.
        (await TakeAsync(reader, 2)).ShouldAllBe(m => m.Kind == "task");
    }

    [Fact]
    public async Task Refuses_who_is_not_signed_in()
    {
        await Should.ThrowAsync<HttpRequestException>(() => ConnectAsync(null));
    }

    [Fact]
    public async Task Joins_the_entries_of_another_replica()
    {
        await using var second = await world.StartOwlAsync();
        var mine = Guid.CreateVersion7();
        await using var here = await ConnectAsync(RunningService<OwlDb>.Person(Roles.TenantAdmin, mine));
        await using var there = await ConnectAsync(RunningService<OwlDb>.Person(Roles.TenantAdmin, mine), second);

        await world.PublishAsync(OwlWorld.Call(mine, "for.both"));

        (await TakeAsync(here, 1)).Single().Body.GetProperty("action").GetString().ShouldBe("for.both");
        (await TakeAsync(there, 1)).Single().Body.GetProperty("action").GetString().ShouldBe("for.both");
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private sealed record Message(string Kind, JsonElement Body);

    private sealed record Watcher(HubConnection Hub, Channel<Message> Seen) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Hub.DisposeAsync();
    }

    private async Task<Watcher> ConnectAsync(Caller? caller, RunningService<OwlDb>? owl = null)
    {
        owl ??= world.Owl;
        var hub = new HubConnectionBuilder().WithUrl(new Uri(owl.Http, "/api/v1/owl/live"), o =>
        {
            if (caller is not null) o.AccessTokenProvider = () => Task.FromResult<string?>(owl.TokenFor(caller));
        }).Build();
        var seen = Channel.CreateUnbounded<Message>();
        foreach (var kind in new[] { "audit", "task" }) hub.On<JsonElement>(kind, body => seen.Writer.TryWrite(new Message(kind, body)));
        await hub.StartAsync(ct);
        return new Watcher(hub, seen);
    }

    private async Task<List<Message>> TakeAsync(Watcher watcher, int count)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var taken = new List<Message>();
        while (taken.Count < count) taken.Add(await watcher.Seen.Reader.ReadAsync(limit.Token));
        return taken;
    }
}
