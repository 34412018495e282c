namespace HyperBdr.LinuxAgent.Syncs;

/// <summary>A sync that has ended without a point, with its stable code and a sentence for people.</summary>
internal sealed class SyncFailure(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;
}
