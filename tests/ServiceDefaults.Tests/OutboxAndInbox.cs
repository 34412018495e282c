using System.Diagnostics;
using HyperBdr.Fixtures;
using HyperBdr.ServiceDefaults.Messaging;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Xunit;

namespace HyperBdr.ServiceDefaults.Tests;

public sealed class OutboxAndInbox(BackingServersFixture servers)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task An_event_leaves_with_its_change_and_is_handled_once()
    {
        await using var desk = await Desk.OpenAsync(servers);

        await SendAsync(desk, desk.Event("first"));

        await Waiting.UntilAsync("the event is handled", Soon, async () => (await desk.SeenAsync()).Count == 1);
        await Waiting.UntilAsync("the outbox is empty", Soon, async () => !await desk.AsAsync(desk.Tenant, db => db.Outbox.AnyAsync()));
    }

    [Fact]
    public async Task One_trace_goes_from_the_change_over_the_bus_into_the_handler()
    {
        await using var desk = await Desk.OpenAsync(servers);
        using var root = new Activity("the change") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();

        await SendAsync(desk, desk.Event("traced"));

        var traces = desk.App.Services.GetRequiredService<FaultPlan>().Traces;
        await Waiting.UntilAsync("the event is handled", Soon, () => Task.FromResult(!traces.IsEmpty));
        traces.ShouldHaveSingleItem().ShouldBe(root.TraceId.ToString());
    }

    [Fact]
    public async Task A_change_that_is_not_committed_tells_nobody()
    {
        await using var desk = await Desk.OpenAsync(servers);
        var id = Guid.CreateVersion7();
        await desk.AsAsync(desk.Tenant, async db =>
        {
            db.Notes.Add(new Note { Id = id, TenantId = desk.Tenant, Text = "here" });
            return await db.SaveChangesAsync();
        });

        await Should.ThrowAsync<DbUpdateException>(() => desk.AsAsync(desk.Tenant, async db =>
        {
            db.Add(desk.Event("never"));
            db.Notes.Add(new Note { Id = id, TenantId = desk.Tenant, Text = "same key" });
            return await db.SaveChangesAsync();
        }));
        await SendAsync(desk, desk.Event("after"));

        await Waiting.UntilAsync("the later event is handled", Soon, async () => (await desk.SeenAsync()).Count > 0);
        (await desk.SeenAsync()).Select(s => s.Text).ShouldBe(["after"]);
    }

    [Fact]
    public async Task A_second_copy_changes_nothing()
    {
        await using var desk = await Desk.OpenAsync(servers);
        var e = desk.Event("twice");
        var bus = desk.App.Services.GetRequiredService<IBus>();

        for (var copy = 0; copy < 20; copy++) await bus.Publish(e);
        await bus.Publish(desk.Event("last", e.AggregateId));

        await Waiting.UntilAsync("the last event is handled", Soon, async () => (await desk.SeenAsync()).Any(s => s.Text is "last"));
        (await desk.SeenAsync()).Select(s => s.Text).ShouldBe(["twice", "last"]);
    }

    [Fact]
    public async Task Events_of_one_aggregate_keep_their_order_even_when_some_need_a_second_try()
    {
        await using var desk = await Desk.OpenAsync(servers);
        var aggregates = Enumerable.Range(0, 5).Select(_ => Guid.CreateVersion7()).ToList();

        await Task.WhenAll(aggregates.Select(async aggregate =>
        {
            for (var i = 0; i < 40; i++) await SendAsync(desk, desk.Event($"{i:000}{(i % 9 == 4 ? " stumble" : "")}", aggregate));
        }));

        await Waiting.UntilAsync("all 200 are handled", TimeSpan.FromSeconds(60), async () => (await desk.SeenAsync()).Count == 200);
        foreach (var group in (await desk.SeenAsync()).GroupBy(s => s.AggregateId))
            group.Select(s => s.Text).ShouldBe(group.Select(s => s.Text).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_nobody_can_handle_is_a_dead_letter_and_stops_nothing()
    {
        await using var desk = await Desk.OpenAsync(servers);

        await SendAsync(desk, desk.Event("poison"));
        await SendAsync(desk, desk.Event("healthy"));

        await Waiting.UntilAsync("the healthy one is handled", Soon, async () => (await desk.SeenAsync()).Any(s => s.Text is "healthy"));
        var letters = desk.App.Services.GetRequiredService<DeadLetters>();
        await Waiting.UntilAsync("the poison is a dead letter", Soon, async () => (await letters.CountAsync(["desk"], TestContext.Current.CancellationToken))["desk"] == 1);
    }

    [Fact]
    public async Task Two_replicas_share_one_outbox_and_lose_or_double_nothing()
    {
        await using var first = await Desk.OpenAsync(servers);
        var configuration = first.App.Configuration;
        await using (var second = await Desk.OpenAsync(servers, configuration["ConnectionStrings:deskdb"], configuration["ConnectionStrings:rabbitmq"]))
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(i => SendAsync(i % 2 == 0 ? first : second, first.Event($"{i}"))));
        }

        await Waiting.UntilAsync("all are handled", Soon, async () => (await first.SeenAsync()).Count >= 100);
        (await first.SeenAsync()).Select(s => s.Text).Distinct(StringComparer.Ordinal).Count().ShouldBe(100);
        (await first.SeenAsync()).Count.ShouldBe(100);
    }

    private static Task<int> SendAsync(Desk desk, HyperBdr.Contracts.Events.PoolDeleted e) => desk.AsAsync(desk.Tenant, async db =>
    {
        db.Add(e);
        return await db.SaveChangesAsync();
    });
}
