using System.Threading.Channels;
using HyperBdr.Contracts.Errors;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Porter.Features.Link;

/// <summary>One stream of one machine: what is to be sent, what it works on, its last beat. Thread-safe.</summary>
internal sealed class LinkSession(Guid id, Guid machineId, Guid tenantId, DateTimeOffset certificateEnds, DateTimeOffset now) : IDisposable
{
    /// <summary>A machine that does not read for so many messages is not read from either.</summary>
    private const int MostPending = 256;
    private readonly Channel<ServerMessage?> outgoing = Channel.CreateBounded<ServerMessage?>(MostPending);
    private readonly CancellationTokenSource ended = new();
    private readonly HashSet<Guid> known = [];
    private readonly Lock gate = new();
    private long lastSeenTicks = now.UtcTicks;
    private long writtenTicks;
    private int waking;

    public Guid Id => id;

    public Guid MachineId => machineId;

    public Guid TenantId => tenantId;

    public DateTimeOffset CertificateEnds => certificateEnds;

    /// <summary>Set when it ends by our will.</summary>
    public CancellationToken Ended => ended.Token;

    /// <summary>A look for commands failed and has to be done again.</summary>
    public bool Owes { get; set; }

    public long MemoryBytes { get; private set; }

    public float CpuPercent { get; private set; }

    /// <summary>What the machine's last beat said is not as it should be.</summary>
    public IReadOnlyList<MachineCondition> Conditions { get; private set; } = [];

    public DateTimeOffset LastSeen => new(Interlocked.Read(ref lastSeenTicks), TimeSpan.Zero);

    public void Seen(DateTimeOffset at) => Interlocked.Exchange(ref lastSeenTicks, at.UtcTicks);

    public void Beat(Heartbeat beat, DateTimeOffset at)
    {
        (MemoryBytes, CpuPercent) = (Math.Max(0, beat.MemoryBytes), float.IsFinite(beat.CpuPercent) ? Math.Clamp(beat.CpuPercent, 0, 100) : 0);
        Conditions = beat.Conditions.Count == 0 ? [] : [.. beat.Conditions.Take(MachineCondition.Most).Select(MachineCondition.Of)];
        Seen(at);
    }

    /// <summary>The last sign of life, once: null when it has been taken already.</summary>
    public DateTimeOffset? TakeSeen()
    {
        var seen = Interlocked.Read(ref lastSeenTicks);
        return Interlocked.Exchange(ref writtenTicks, seen) == seen ? null : new DateTimeOffset(seen, TimeSpan.Zero);
    }

    /// <summary>Remembers that the machine has, or is about to have, this command.</summary>
    /// <returns>False when it was known before.</returns>
    public bool Learn(Guid command)
    {
        lock (gate) return known.Add(command);
    }

    public bool Knows(Guid command)
    {
        lock (gate) return known.Contains(command);
    }

    public void Forget(Guid command)
    {
        lock (gate) known.Remove(command);
    }

    /// <summary>Looks for commands soon; several calls are one look.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref waking, 1) != 0 || outgoing.Writer.TryWrite(null)) return;
        Awake();
        Owes = true;
    }

    /// <summary>The look begins: what is added from now on needs another one.</summary>
    public void Awake() => Interlocked.Exchange(ref waking, 0);

    public async ValueTask SendAsync(ServerMessage message, CancellationToken ct)
    {
        try
        {
            await outgoing.Writer.WriteAsync(message, ct);
        }
        catch (ChannelClosedException)
        {
            // It ends; what was kept is sent again on the next stream.
        }
    }

    public IAsyncEnumerable<ServerMessage?> PendingAsync(CancellationToken ct) => outgoing.Reader.ReadAllAsync(ct);

    /// <summary>The last message goes out, then the stream ends.</summary>
    public void Dismiss(Error reason)
    {
        if (outgoing.Writer.TryWrite(Farewell(reason))) outgoing.Writer.TryComplete();
        else End();
    }

    public void End()
    {
        outgoing.Writer.TryComplete();
        try
        {
            ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself meanwhile.
        }
    }

    public void Complete() => outgoing.Writer.TryComplete();

    public void Dispose() => ended.Dispose();

    public static ServerMessage Farewell(Error reason) => new() { Dismissed = new Dismissed { Code = reason.Code, Message = reason.Message } };
}
