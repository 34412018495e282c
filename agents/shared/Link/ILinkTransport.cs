using HyperBdr.Agents.Identity;
using HyperBdr.Contracts.Porter.V1;

namespace HyperBdr.Agents.Link;

/// <summary>How the messages of the agent link travel: <see cref="GrpcLinkTransport"/>, or <see cref="DuplexLinkTransport"/> for sync gateways.</summary>
public interface ILinkTransport
{
    /// <exception cref="LinkException">The console cannot be reached or refuses.</exception>
    Task<ILinkStream> ConnectAsync(MachineIdentity identity, CancellationToken ct);
}

/// <summary>One connection. One sender and one receiver at a time; every failure is a <see cref="LinkException"/>.</summary>
public interface ILinkStream : IAsyncDisposable
{
    Task SendAsync(AgentMessage message, CancellationToken ct);

    /// <returns>Null when the console ended the stream.</returns>
    Task<ServerMessage?> ReceiveAsync(CancellationToken ct);
}

/// <summary>Longest message that either side takes.</summary>
public static class LinkLimits
{
    /// <summary>4 MiB: a command with a sealed session has a little over 1 MiB at most.</summary>
    public const int MaxMessageLength = 4 << 20;
}

/// <summary>The connection to the console could not be made or was lost.</summary>
public sealed class LinkException : Exception
{
    public LinkException(string message, Exception? inner)
        : base(message, inner)
    {
    }

    public LinkException(string message)
        : base(message)
    {
    }

    public LinkException()
    {
    }
}
