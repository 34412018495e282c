using Google.Protobuf.WellKnownTypes;
using HyperBdr.Ant.Domain.Policies;
using HyperBdr.Ant.Persistence;
using HyperBdr.Contracts.Porter.V1;
using Microsoft.EntityFrameworkCore;
using NodaTime;

namespace HyperBdr.Ant.Plans.Syncs;

/// <summary>Keeps a running transfer at the limit that its call and the windows of the host's policy, as they are at each moment, allow.</summary>
internal sealed class RateFollowing(IServiceProvider services, Guid hostId, Guid runId, string callLimit)
{
    private readonly TimeProvider time = services.GetRequiredService<TimeProvider>();
    private readonly decimal? callMbps = callLimit.Length == 0 ? null : decimal.Parse(callLimit);
    private long told;

    /// <summary>The limit to begin with.</summary>
    public async Task<long> BeginAsync(CancellationToken ct) => told = await LimitAsync(ct);

    /// <summary>Tells the machine when the limit changed; a call that fails is made again at the next look.</summary>
    public async Task LookAsync(Commands.CommandsClient commands, CancellationToken ct)
    {
        var limit = await LimitAsync(ct);
        if (limit == told) return;
        var now = time.GetUtcNow();
        var command = new Command { Id = Guid.CreateVersion7().ToString(), ExpiresAt = now.AddHours(1).ToTimestamp(), SetRate = new SetRate { CommandId = runId.ToString(), LimitBitsPerSecond = limit } };
        try
        {
            var sent = await Remote.AskAsync("The link to the machines", () => commands.SendAsync(new SendCommandRequest { MachineId = hostId.ToString(), Command = command }, cancellationToken: ct, deadline: now.AddSeconds(10).UtcDateTime).ResponseAsync, ct);
            if (!sent.IsError) told = limit;
        }
        catch (TransientFault)
        {
            // Not worth the transfer: the stream beside it tells when nobody answers any more.
        }
    }

    private async Task<long> LimitAsync(CancellationToken ct)
    {
        var db = services.GetRequiredService<AntDb>();
        var host = await db.Hosts.AsNoTracking().Where(h => h.Id == hostId).Select(h => new { h.PolicyId, h.LastMbps }).SingleOrDefaultAsync(ct);
        var policy = host?.PolicyId is { } id ? await db.Policies.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id && p.Enabled, ct) : null;
        return RunLimit.At(Instant.FromDateTimeOffset(time.GetUtcNow()), policy?.Times.Limits, callMbps, host?.LastMbps);
    }
}
