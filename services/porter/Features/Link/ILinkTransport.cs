using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Porter.Features.Link;

/// <summary>A connection that carries the messages of the link both ways, each whole and in order.</summary>
internal interface ILinkTransport
{
    /// <summary>The next message; null when the machine has said goodbye.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    Task<AgentMessage?> ReadAsync(CancellationToken ct);

    /// <summary>One writer at a time.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    Task WriteAsync(ServerMessage message, CancellationToken ct);
}
