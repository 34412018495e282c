using System.Buffers.Binary;
using System.Globalization;
using System.Reflection;
using HyperBdr.Contracts.Events;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;

namespace HyperBdr.ServiceDefaults.Messaging;

/// <summary>Names what a service does on which events.</summary>
public sealed class EventHandlers
{
    internal sealed record Entry(Type Event, Type Consumer, Type? Handler);

    internal List<Entry> All { get; } = [];

    public EventHandlers Add<TEvent, THandler>()
        where TEvent : IntegrationEvent
        where THandler : class, IEventHandler<TEvent>
    {
        All.Add(new(typeof(TEvent), typeof(EventConsumer<TEvent, THandler>), typeof(THandler)));
        return this;
    }

    /// <summary>A MassTransit consumer, for a service that brings its own rule against copies.</summary>
    /// <remarks>It is not tried again here and has no inbox row: what it throws goes to the <c>_error</c> queue.</remarks>
    public EventHandlers AddConsumer(Type e, Type consumer)
    {
        All.Add(new(e, consumer, null));
        return this;
    }

    /// <summary>The same open generic consumer for every event of the contracts (but those in <paramref name="except"/>).</summary>
    public EventHandlers AddConsumerForEveryEvent(Type openConsumer, params Type[] except)
    {
        foreach (var e in EventTypes.ByName.Values.Except(except)) AddConsumer(e, openConsumer.MakeGenericType(e));
        return this;
    }
}

public static class Bus
{
    /// <summary>Queues per service. An aggregate's events go through one of them, one at a time: that keeps their order, with several replicas too.</summary>
    public const int Lanes = 4;

    /// <summary>The bus over RabbitMQ: outbox dispatcher, quorum queues, inbox, retry, and <c>_error</c> queues for what fails for good.</summary>
    public static IHostApplicationBuilder AddBus(this IHostApplicationBuilder builder, Action<EventHandlers>? handlers = null)
    {
        var chosen = new EventHandlers();
        handlers?.Invoke(chosen);
        foreach (var entry in chosen.All.Where(e => e.Handler is not null)) builder.Services.TryAddScoped(entry.Handler!);
        var service = builder.Environment.ApplicationName;
        var address = builder.Configuration.GetConnectionString("rabbitmq") ?? throw new InvalidOperationException("ConnectionStrings:rabbitmq is not set.");

        builder.Services.AddHostedService<OutboxDispatcher>();
        builder.Services.AddHostedService<InboxCleaning>();
        builder.Services.AddSingleton<DeadLetters>();
        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            foreach (var entry in chosen.All) bus.AddConsumer(entry.Consumer);
            bus.UsingRabbitMq((context, rabbit) => Configure(rabbit, address, service, chosen, (endpoint, entry) =>
            {
                if (entry.Handler is null) endpoint.ConfigureConsumer(context, entry.Consumer);
                else Generic(nameof(Consume), entry.Event, entry.Handler).Invoke(null, [endpoint, context]);
            }));
        });
        return builder;
    }

    /// <summary>Makes a service's queues and bindings before anybody sends: an event that finds no queue would be gone.</summary>
    /// <param name="address"><c>amqp://user:password@host:port/vhost</c></param>
    public static async Task DeployAsync(string address, string service, Action<EventHandlers> handlers, CancellationToken ct)
    {
        var chosen = new EventHandlers();
        handlers(chosen);
        var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.DeployTopologyOnly = true;
            Configure(rabbit, address, service, chosen, (endpoint, entry) => Generic(nameof(Ignore), entry.Event).Invoke(null, [endpoint]));
        });
        await bus.StartAsync(ct);
        await bus.StopAsync(ct);
    }

    private static void Configure(IRabbitMqBusFactoryConfigurator rabbit, string address, string service, EventHandlers chosen, Action<IRabbitMqReceiveEndpointConfigurator, EventHandlers.Entry> consume)
    {
        rabbit.Host(new Uri(address));
        rabbit.ConfigureJsonSerializerOptions(Json.Configure);
        rabbit.Publish<IntegrationEvent>(p => p.Exclude = true);
        foreach (var e in EventTypes.ByName.Values) Generic(nameof(PublishByLane), e).Invoke(null, [rabbit]);
        if (chosen.All.Count == 0) return;
        for (var lane = 0; lane < Lanes; lane++)
        {
            var key = Key(lane);
            rabbit.ReceiveEndpoint(QueueOf(service, lane), endpoint =>
            {
                endpoint.ConfigureConsumeTopology = false;
                endpoint.SetQuorumQueue();
                endpoint.SingleActiveConsumer = true;
                endpoint.PrefetchCount = 64;
                // Handlers go one by one; a consumer of its own kind keeps the order itself.
                if (chosen.All.Exists(e => e.Handler is not null)) endpoint.ConcurrentMessageLimit = 1;
                foreach (var entry in chosen.All)
                {
                    Generic(nameof(BindLane), entry.Event).Invoke(null, [endpoint, key]);
                    consume(endpoint, entry);
                }
            });
        }
    }

    internal static string QueueOf(string service, int lane) => $"{service}-{lane}";

    /// <summary>The lane of an aggregate; the same on every machine and in every release.</summary>
    internal static string LaneOf(Guid aggregateId) => Key((int)(BinaryPrimitives.ReadUInt32BigEndian(aggregateId.ToByteArray(bigEndian: true).AsSpan(12)) % Lanes));

    private static string Key(int lane) => lane.ToString(CultureInfo.InvariantCulture);

    private static MethodInfo Generic(string name, params Type[] types) => typeof(Bus).GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(types);

    private static void PublishByLane<TEvent>(IRabbitMqBusFactoryConfigurator rabbit)
        where TEvent : IntegrationEvent
    {
        rabbit.Publish<TEvent>(p => p.ExchangeType = ExchangeType.Direct);
        rabbit.Send<TEvent>(s => s.UseRoutingKeyFormatter(context => LaneOf(context.Message.AggregateId)));
    }

    private static void BindLane<TEvent>(IRabbitMqReceiveEndpointConfigurator endpoint, string lane)
        where TEvent : IntegrationEvent => endpoint.Bind<TEvent>(binding =>
        {
            binding.ExchangeType = ExchangeType.Direct;
            binding.RoutingKey = lane;
        });

    private static void Ignore<TEvent>(IReceiveEndpointConfigurator endpoint)
        where TEvent : IntegrationEvent => endpoint.Handler<TEvent>(_ => Task.CompletedTask);

    private static void Consume<TEvent, THandler>(IReceiveEndpointConfigurator endpoint, IBusRegistrationContext context)
        where TEvent : IntegrationEvent
        where THandler : class, IEventHandler<TEvent> =>
        endpoint.ConfigureConsumer<EventConsumer<TEvent, THandler>>(context, consumer => consumer.Message<TEvent>(message => message.UseMessageRetry(retry =>
        {
            retry.Ignore<PermanentFaultException>();
            // Together longer than the broker's or database's longest allowed absence (120 s).
            retry.Exponential(30, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(400));
        })));
}
