using HyperBdr.Contracts.Events;
using HyperBdr.Owl.Features.Live;
using HyperBdr.Owl.Features.Trail;
using HyperBdr.ServiceDefaults.Messaging;

namespace HyperBdr.Owl;

/// <summary>What owl does on events; the migrations step makes its queues from this.</summary>
public static class OwlEvents
{
    public static void Handle(EventHandlers events) => events
        .AddConsumerForEveryEvent(typeof(RecordEvent<>), typeof(TaskProgressed))
        .AddConsumer(typeof(TaskProgressed), typeof(ShowProgress));
}
