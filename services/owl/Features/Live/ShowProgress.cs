using HyperBdr.Contracts.Events;
using HyperBdr.Owl.Features.Trail;
using MassTransit;

namespace HyperBdr.Owl.Features.Live;

/// <summary>Progress of tasks goes to the open consoles and nowhere else: it is no part of the trail.</summary>
internal sealed class ShowProgress(LiveFeed live, TrailWriter writer) : IConsumer<TaskProgressed>
{
    public Task Consume(ConsumeContext<TaskProgressed> context)
    {
        writer.Pass(context.ReceiveContext.GetPayload<RabbitMqBasicConsumeContext>());
        if (TaskMessage.Of(context.Message) is { } task) live.Publish(context.Message.TenantId, task);
        return Task.CompletedTask;
    }
}
