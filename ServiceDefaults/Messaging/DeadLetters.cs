using Microsoft.Extensions.Configuration;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace HyperBdr.ServiceDefaults.Messaging;

/// <summary>Counts what no consumer could handle: messages in the <c>_error</c> queues of its lanes.</summary>
public sealed class DeadLetters(IConfiguration configuration)
{
    /// <summary>Messages per service; 0 while it has no such queue.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountAsync(IEnumerable<string> services, CancellationToken ct)
    {
        var factory = new ConnectionFactory { Uri = new Uri(configuration.GetConnectionString("rabbitmq")!) };
        await using var connection = await factory.CreateConnectionAsync(ct);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var service in services)
        {
            var count = 0L;
            for (var lane = 0; lane < Bus.Lanes; lane++) count += await CountAsync(connection, $"{Bus.QueueOf(service, lane)}_error", ct);
            counts[service] = count;
        }

        return counts;
    }

    private static async Task<long> CountAsync(IConnection connection, string queue, CancellationToken ct)
    {
        // A passive declare of a queue that is not there closes its channel, so each has its own.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue, ct)).MessageCount;
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return 0;
        }
    }
}
