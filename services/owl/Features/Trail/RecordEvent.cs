using HyperBdr.Contracts.Events;
using HyperBdr.Owl.Features.Live;
using MassTransit;

namespace HyperBdr.Owl.Features.Trail;

/// <summary>Every event of the suite becomes one entry; the message is acknowledged after its commit.</summary>
internal sealed class RecordEvent<TEvent>(TrailWriter writer, LiveFeed live) : IConsumer<TEvent>
    where TEvent : IntegrationEvent
{
    public async Task Consume(ConsumeContext<TEvent> context)
    {
        var delivery = context.ReceiveContext.GetPayload<RabbitMqBasicConsumeContext>();
        var entry = await writer.WriteAsync(Drafts.Of(context.Message), delivery, context.CancellationToken);
        if (entry is not null && TaskMessage.Of(context.Message) is { } task) live.Publish(context.Message.TenantId, task);
    }
}
