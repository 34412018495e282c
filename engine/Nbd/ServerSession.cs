namespace HyperBdr.Engine.Nbd;

/// <summary>What a negotiation came to.</summary>
/// <param name="Export">The disk.</param>
/// <param name="Structured">Whether replies are made of chunks.</param>
/// <param name="Allocation">Whether <c>base:allocation</c> was selected for this export.</param>
internal sealed record ServerSession(NbdExport Export, bool Structured, bool Allocation);
