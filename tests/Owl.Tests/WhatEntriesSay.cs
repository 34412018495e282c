using System.Runtime.CompilerServices;
using HyperBdr.Contracts.Events;
using HyperBdr.Owl.Domain;
using HyperBdr.Owl.Features.Trail;
using HyperBdr.ServiceDefaults.Messaging;
using Shouldly;
using Xunit;

namespace HyperBdr.Owl.Tests;

/// <summary>An entry says what it is about, so that it can be searched for and an alarm can name it.</summary>
public sealed class WhatEntriesSay
{
    [Fact]
    public void Every_event_has_the_kind_of_its_object()
    {
        var silent = EventTypes.ByName.Values.Where(t => t != typeof(CallRecorded) && t != typeof(TaskProgressed))
            .Where(t => Drafts.Of((IntegrationEvent)RuntimeHelpers.GetUninitializedObject(t)).ResourceType is null).Select(t => t.Name);
        silent.ShouldBeEmpty();
    }

    [Fact]
    public void What_an_alarm_needs_is_in_the_entry()
    {
        var (tenant, host, pool) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        var now = TimeProvider.System.GetUtcNow();
        Says(new MachineStateChanged(host, "linux_agent", "web-1", "disconnected", "no heartbeat") { TenantId = tenant, OccurredAt = now }).ShouldBe(("machine", host, "web-1"));
        Says(new SyncTicked(host, "web-1", Guid.CreateVersion7(), "full", "license_insufficient", null) { TenantId = tenant, OccurredAt = now }).ShouldBe(("host", host, "web-1"));
        Says(new PoolProblem(pool, "cloud", "storplus.pool.nearly_full", "90 %") { TenantId = tenant, OccurredAt = now }).ShouldBe(("pool", pool, "cloud"));
        Says(new RecoveryPointChecked(host, "web-1", "p-1", pool, Damaged: true, "parts are missing") { TenantId = tenant, OccurredAt = now }).ShouldBe(("host", host, "web-1"));
        Drafts.Of(new RecoveryPointDeleted(host, "p-1", pool, "quota") { TenantId = tenant, OccurredAt = now, HostName = "web-1" }).Detail.ShouldContain("quota");
    }

    private static (string?, Guid?, string?) Says(IntegrationEvent e)
    {
        AuditDraft draft = Drafts.Of(e);
        return (draft.ResourceType, draft.ResourceId, draft.ResourceName);
    }
}
