using HyperBdr.Contracts.Events;
using HyperBdr.ServiceDefaults.Messaging;
using HyperBdr.Storplus.Features.Probes;

namespace HyperBdr.Storplus;

/// <summary>What storplus does on events; the migrations step makes its queues from this.</summary>
public static class StorplusEvents
{
    public static void Handle(EventHandlers events) => events
        .Add<TaskFinished, ProbeEnded>()
        .Add<TaskRetried, ProbeRetried>();
}
