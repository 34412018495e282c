namespace HyperBdr.Engine.Nbd;

/// <summary>What a negotiation came to.</summary>
/// <param name="Length">Bytes of the disk.</param>
/// <param name="Flags">What the server can do.</param>
/// <param name="MinBlock">Offsets and lengths are multiples of it.</param>
/// <param name="MaxPayload">The largest read or write.</param>
/// <param name="Structured">Whether replies are made of chunks.</param>
/// <param name="Contexts">Name and number of each metadata context that was selected.</param>
internal sealed record ClientSession(long Length, NbdExportFlags Flags, int MinBlock, int MaxPayload, bool Structured, IReadOnlyDictionary<string, uint> Contexts)
{
    public bool Can(NbdExportFlags flag) => Flags.HasFlag(flag);
}
