using System.Collections.Concurrent;
using System.Security.Cryptography;
using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Maps;
using Shouldly;

namespace HyperBdr.Engine.Tests.Maps;

/// <summary>A node store in memory that keeps the interface's promises, counts, and can be held up or told to fail.</summary>
internal sealed class MemoryNodes : INodeStore
{
    private int loads;
    private int inFlight;

    public ConcurrentDictionary<ChunkId, byte[]> Nodes { get; } = new();

    public int Loads => loads;

    public int MostInFlight { get; private set; }

    /// <summary>Awaited by each load before it answers.</summary>
    public Func<ChunkId, Task>? BeforeLoad { get; set; }

    /// <summary>Called by each save before it takes effect.</summary>
    public Action? BeforeSave { get; set; }

    public async ValueTask<ReadOnlyMemory<byte>> LoadAsync(ChunkId id, CancellationToken ct)
    {
        Interlocked.Increment(ref loads);
        var now = Interlocked.Increment(ref inFlight);
        lock (Nodes) MostInFlight = Math.Max(MostInFlight, now);
        try
        {
            if (BeforeLoad is not null) await BeforeLoad(id);
            return Nodes.TryGetValue(id, out var bytes) ? bytes : throw new EngineException(Fault.MissingData, id.ToString(), "no such node");
        }
        finally
        {
            Interlocked.Decrement(ref inFlight);
        }
    }

    public ValueTask<ChunkId> SaveAsync(ReadOnlyMemory<byte> node, CancellationToken ct)
    {
        BeforeSave?.Invoke();
        node.Length.ShouldBeLessThanOrEqualTo(MapLimits.MaxNodeBytes);
        var id = new ChunkId(new Hash256(SHA256.HashData(node.Span)));
        Nodes.TryAdd(id, node.ToArray());
        return new(id);
    }

    /// <summary>Loads since the last call.</summary>
    public int TakeLoads() => Interlocked.Exchange(ref loads, 0);
}
