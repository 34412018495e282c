using HyperBdr.Engine.Codec;
using HyperBdr.Engine.Index;

namespace HyperBdr.Engine.Packs;

/// <summary>Pieces of map packs as they are stored. Nodes of one disk lie near each other, so one request serves many: the path to a block most of all.</summary>
/// <remarks>Safe for calls side by side. Keeps the pieces asked for last, 2 MiB in all; nothing in them is believed before it is opened.</remarks>
internal sealed class MapWindows(PackFetcher fetcher)
{
    private const uint Step = 64 * 1024;

    /// <summary>Two steps, so that a node that crosses the end of its step is in the piece too.</summary>
    private const int WindowBytes = 2 * (int)Step;

    private const int MostKept = 16;
    private readonly Lock gate = new();
    private readonly Dictionary<(PackId Pack, uint Start), Lazy<Task<ReadOnlyMemory<byte>>>> kept = [];
    private readonly Queue<(PackId Pack, uint Start)> byAge = new();

    /// <summary>The sealed bytes of a node; null when it is too long for a piece, or this pack is damaged or gone.</summary>
    /// <exception cref="EngineException">A fault of the store.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> FindAsync(ChunkLocation at, CancellationToken ct)
    {
        var start = at.Offset - (at.Offset % Step);
        var from = (int)(at.Offset - start);
        if (from + at.SealedLength > WindowBytes) return null;
        try
        {
            var window = await LoadOnce(at.Pack, start).Value.WaitAsync(ct);
            return from + at.SealedLength <= window.Length ? window.Slice(from, (int)at.SealedLength) : null;
        }
        catch (EngineException e)
        {
            Forget((at.Pack, start));
            // Whoever asks for the node alone finds it in another pack, or is told what is wrong with this one.
            if (PackFetcher.IsOfPack(e.Fault)) return null;
            throw;
        }
    }

    // Not cancelled with the reader that began it: others may wait for the same piece.
    private Lazy<Task<ReadOnlyMemory<byte>>> LoadOnce(PackId pack, uint start)
    {
        lock (gate)
        {
            if (kept.TryGetValue((pack, start), out var there)) return there;
            if (kept.Count >= MostKept && byAge.TryDequeue(out var oldest)) kept.Remove(oldest);
            byAge.Enqueue((pack, start));
            return kept[(pack, start)] = new(() => fetcher.ReadRawAsync(pack, start, WindowBytes, CancellationToken.None));
        }
    }

    private void Forget((PackId Pack, uint Start) window)
    {
        lock (gate) kept.Remove(window);
    }
}
