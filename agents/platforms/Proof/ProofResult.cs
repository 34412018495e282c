namespace HyperBdr.Platforms.Proof;

/// <summary>What a proof of boot came to.</summary>
public enum ProofState
{
    /// <summary>Every probe held, and the machine was still on after the last one.</summary>
    Proven,
    /// <summary>The machine is on, but no probe was asked for: nothing says that it works.</summary>
    Unproven,
    /// <summary>A probe did not hold in time, or the machine went off or stood still.</summary>
    Failed,
}

/// <param name="Holds">False: it did not hold within its limit.</param>
/// <param name="Took">From the begin of the proof to the try that held, or to the last try.</param>
/// <param name="Evidence">What was seen, bounded.</param>
public sealed record ProbeResult(string Name, string Kind, bool Holds, TimeSpan Took, int Tries, string Evidence);

/// <param name="Reason">Why it is not proven, for people; null when it is.</param>
public sealed record ProofResult(ProofState State, DateTimeOffset BeganAt, TimeSpan Took, IReadOnlyList<ProbeResult> Probes, string? Reason);
