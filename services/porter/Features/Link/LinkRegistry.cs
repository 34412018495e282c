using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using HyperBdr.Contracts.Errors;

namespace HyperBdr.Porter.Features.Link;

/// <summary>The streams that this process holds, one per machine.</summary>
internal sealed class LinkRegistry
{
    public static readonly Meter Meter = new("HyperBdr.Link");
    private readonly ConcurrentDictionary<Guid, LinkSession> sessions = new();

    public LinkRegistry() => Meter.CreateObservableGauge("hyperbdr_link_streams", () => sessions.Count, description: "Streams of machines that this process holds.");

    /// <summary>This process among all of porter.</summary>
    public Guid Replica { get; } = Guid.CreateVersion7();

    public ICollection<LinkSession> All => sessions.Values;

    public bool Holds(Guid machine) => sessions.ContainsKey(machine);

    public bool TryGet(Guid machine, [NotNullWhen(true)] out LinkSession? session) => sessions.TryGetValue(machine, out session);

    /// <summary>The newest stream of a machine is the one; an older one ends.</summary>
    public void Add(LinkSession session)
    {
        LinkSession? older = null;
        sessions.AddOrUpdate(session.MachineId, session, (_, present) =>
        {
            older = present;
            return session;
        });
        older?.End();
    }

    public void Remove(LinkSession session) => sessions.TryRemove(KeyValuePair.Create(session.MachineId, session));

    /// <summary>There may be something to send.</summary>
    public void Wake(Guid machine)
    {
        if (sessions.TryGetValue(machine, out var session)) session.Wake();
    }

    /// <summary>Tells the machine why and ends its stream.</summary>
    public void Dismiss(Guid machine, Error reason)
    {
        if (sessions.TryGetValue(machine, out var session)) session.Dismiss(reason);
    }
}
