using System.Threading.Channels;
using HyperBdr.Owl.Domain;
using HyperBdr.Owl.Features.Trail;
using Microsoft.AspNetCore.SignalR;
using StackExchange.Redis;

namespace HyperBdr.Owl.Features.Live;

/// <summary>Sends to the open consoles what they watch, in order and beside the work: a slow or absent Redis never holds back the trail.</summary>
/// <remarks>Live messages are a convenience; a console that missed some reads the list again when it reconnects.</remarks>
internal sealed partial class LiveFeed(IHubContext<LiveHub> hub, ILogger<LiveFeed> log) : BackgroundService
{
    private const int Waiting = 4096;
    private readonly Channel<(string Group, string Method, object Message)> queue =
        Channel.CreateBounded<(string, string, object)>(new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public void Publish(AuditEntry entry) => queue.Writer.TryWrite((LiveHub.AuditOf(entry.TenantId), "audit", AuditRow.Of(entry)));

    public void Publish(Guid tenantId, TaskMessage task) => queue.Writer.TryWrite((LiveHub.TasksOf(tenantId), "task", task));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (group, method, message) in queue.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await hub.Clients.Group(group).SendAsync(method, message, stoppingToken);
            }
            catch (Exception e) when (e is RedisException or TimeoutException or IOException or InvalidOperationException)
            {
                NotSent(log, method, e.Message);
            }
        }
    }

    [LoggerMessage(EventId = 3201, Level = LogLevel.Warning, Message = "A live {Method} message was not sent: {Reason}")]
    private static partial void NotSent(ILogger log, string method, string reason);
}
