using System.Collections.Frozen;
using HyperBdr.Contracts.Events;

namespace HyperBdr.ServiceDefaults.Messaging;

/// <summary>Every event of the contracts by its short name, which is its name in the outbox.</summary>
public static class EventTypes
{
    public static readonly FrozenDictionary<string, Type> ByName = typeof(IntegrationEvent).Assembly.GetTypes()
        .Where(t => t.IsSubclassOf(typeof(IntegrationEvent)) && !t.IsAbstract)
        .ToFrozenDictionary(t => t.Name, StringComparer.Ordinal);
}
