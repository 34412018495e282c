using HyperBdr.Contracts.Events;

namespace HyperBdr.ServiceDefaults.Calls;

/// <summary>The audit entry of the present mutating call, written with its first change or, when it changed nothing, at its end.</summary>
public sealed class CallRecord(string action, string request, string? traceId)
{
    public string Action { get; } = action;

    public CallOutcome Outcome { get; private set; } = CallOutcome.Accepted;

    /// <summary>True from when the entry is part of a committed transaction.</summary>
    public bool Written { get; internal set; }

    private string? code;
    private (string Type, Guid? Id, string? Name) resource;
    private Caller? actor;

    /// <summary>Says that the change which is about to be saved belongs to a refused call (e.g. a counted wrong password).</summary>
    public void Refuse(CallOutcome outcome, string? errorCode) => (Outcome, code) = (outcome, errorCode);

    /// <summary>Names the object of the call.</summary>
    public void Concerns(string type, Guid? id, string? name) => resource = (type, id, name);

    /// <summary>Names the actor of a call that began without one (sign-in).</summary>
    public void By(Caller caller) => actor = caller;

    internal CallRecorded ToEvent(Caller caller, DateTimeOffset now)
    {
        var who = actor ?? caller;
        return new CallRecorded
        {
            TenantId = who.TenantId,
            OccurredAt = now,
            Action = Action,
            Outcome = Outcome,
            Code = code,
            ActorId = who.UserId,
            ActorName = who.Name,
            Role = who.Role,
            ResourceType = resource.Type,
            ResourceId = resource.Id,
            ResourceName = resource.Name,
            SourceIp = caller.SourceIp,
            Request = request,
            TraceId = traceId,
        };
    }
}
