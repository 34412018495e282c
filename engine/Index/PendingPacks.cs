using HyperBdr.Engine.Codec;

namespace HyperBdr.Engine.Index;

/// <summary>Numbers for the packs of a session, used again when their chunks have moved on.</summary>
internal sealed class PendingPacks
{
    private readonly Lock gate = new();
    private readonly Dictionary<PackId, uint> rows = [];
    private readonly List<PackId> packs = [];
    private readonly Stack<uint> free = new();

    public PackId this[uint row]
    {
        get
        {
            lock (gate) return packs[(int)row];
        }
    }

    public bool TryRow(PackId pack, out uint row)
    {
        lock (gate) return rows.TryGetValue(pack, out row);
    }

    public uint RowOf(PackId pack)
    {
        lock (gate)
        {
            if (rows.TryGetValue(pack, out var known)) return known;
            if (free.TryPop(out var row))
            {
                packs[(int)row] = pack;
            }
            else
            {
                row = (uint)packs.Count;
                packs.Add(pack);
            }

            rows.Add(pack, row);
            return row;
        }
    }

    /// <summary>Only when no entry has the row any more.</summary>
    public void Free(PackId pack)
    {
        lock (gate)
        {
            if (rows.Remove(pack, out var row)) free.Push(row);
        }
    }
}
