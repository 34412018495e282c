using System.Text.Json;
using System.Text.Json.Nodes;
using HyperBdr.Contracts.Events;
using HyperBdr.Owl.Domain;
using HyperBdr.ServiceDefaults;

namespace HyperBdr.Owl.Features.Trail;

/// <summary>What the trail keeps of each event.</summary>
internal static class Drafts
{
    private static readonly string[] Envelope =
    [
        .. new[] { nameof(IntegrationEvent.EventId), nameof(IntegrationEvent.TenantId), nameof(IntegrationEvent.OccurredAt), nameof(IntegrationEvent.AggregateId) }
            .Select(JsonNamingPolicy.SnakeCaseLower.ConvertName),
    ];

    public static AuditDraft Of(IntegrationEvent e) => e is CallRecorded call ? OfCall(call) : OfEvent(e);

    private static AuditDraft OfCall(CallRecorded call) =>
        new(call.EventId, call.TenantId, AuditKinds.Call, Text(call.Action)!, call.OccurredAt, new JsonObject
        {
            ["request"] = call.Request,
            ["role"] = call.Role,
            ["code"] = call.Code,
            ["trace_id"] = call.TraceId,
        }.ToJsonString())
        {
            Outcome = JsonNamingPolicy.SnakeCaseLower.ConvertName(call.Outcome.ToString()),
            ActorId = call.ActorId,
            ActorName = Text(call.ActorName),
            ResourceType = Text(call.ResourceType),
            ResourceId = call.ResourceId,
            ResourceName = Text(call.ResourceName),
            SourceIp = Text(call.SourceIp),
        };

    private static AuditDraft OfEvent(IntegrationEvent e)
    {
        var detail = JsonSerializer.SerializeToNode(e, e.GetType(), Json.Options)!.AsObject();
        foreach (var name in Envelope) detail.Remove(name);
        var (type, id, resource) = ResourceOf(e);
        return new AuditDraft(e.EventId, e.TenantId, AuditKinds.Event, JsonNamingPolicy.SnakeCaseLower.ConvertName(e.GetType().Name), e.OccurredAt, detail.ToJsonString())
        {
            ActorName = Text((string?)detail["operator"]),
            ResourceType = type,
            ResourceId = id,
            ResourceName = Text(resource),
        };
    }

    /// <summary>The object that an event is about.</summary>
    private static (string? Type, Guid Id, string? Name) ResourceOf(IntegrationEvent e) => e switch
    {
        EnrolmentTokenCreated t => ("enrolment_token", t.TokenId, t.Name),
        EnrolmentTokenRevoked t => ("enrolment_token", t.TokenId, t.Name),
        PoolRegistered p => ("pool", p.PoolId, p.Name),
        PoolUpdated p => ("pool", p.PoolId, p.Name),
        PoolDeleted p => ("pool", p.PoolId, p.Name),
        PoolStateChanged p => ("pool", p.PoolId, p.Name),
        PoolProbeRequested p => ("pool", p.PoolId, p.Name),
        PoolProblem p => ("pool", p.PoolId, p.Name),
        PoolProblemSolved p => ("pool", p.PoolId, p.Name),
        MachineEnrolled m => ("machine", m.MachineId, m.Name),
        MachineStateChanged m => ("machine", m.MachineId, m.Name),
        MachineInventoryChanged m => ("machine", m.MachineId, m.Name),
        MachineRemoved m => ("machine", m.MachineId, m.Name),
        MachineProblem m => ("machine", m.MachineId, m.Name),
        HostStageChanged h => ("host", h.HostId, h.Name),
        HostPolicyChanged h => ("host", h.HostId, h.HostName),
        HostTakeoverChanged h => ("host", h.HostId, h.HostName),
        SyncTicked t => ("host", t.HostId, t.HostName),
        PolicyChanged p => ("policy", p.PolicyId, p.Name),
        RecoveryPointCreated p => ("host", p.HostId, p.HostName),
        RecoveryPointDeleted p => ("host", p.HostId, p.HostName),
        RecoveryPointChecked p => ("host", p.HostId, p.HostName),
        LicenceGranted l => ("licence", l.LicenceId, l.Origin),
        LicenceProblem l => ("licence", l.LicenceId, l.Code),
        LicenceUnitChanged l => ("host", l.HostId, l.HostName),
        TaskCreated t => ("task", t.TaskId, t.SourceName),
        TaskRetried t => ("task", t.TaskId, t.SourceName),
        TaskFinished t => ("task", t.TaskId, t.SourceName),
        TenantCreated t => ("tenant", t.NewTenantId, t.Name),
        TenantStatusChanged t => ("tenant", t.ChangedTenantId, t.Name),
        UserCreated u => ("user", u.UserId, u.UserName),
        UserChanged u => ("user", u.UserId, u.UserName),
        AccessKeyChanged k => ("access_key", k.AccessKeyId, null),
        ReportExported r => ("export", r.ReportId, null),
        _ => (null, e.AggregateId, null),
    };

    /// <summary>PostgreSQL's text holds no NUL; what a caller sent must not keep an entry out of the trail.</summary>
    private static string? Text(string? value) => value?.Replace('\0', '\ufffd');
}
