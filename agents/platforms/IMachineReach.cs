using System.Diagnostics;

namespace HyperBdr.Platforms;

/// <summary>A way to a machine over its network. On an isolated network only this way leads there.</summary>
public interface IMachineReach
{
    /// <summary>The machine's address on that network.</summary>
    string Address { get; }

    /// <summary>Connects to a TCP port of the machine.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">Nobody answers there, or not yet.</exception>
    Task<Stream> ConnectAsync(int port, CancellationToken ct);

    /// <summary>A program that will run where it reaches the machine.</summary>
    ProcessStartInfo Beside(string program, IReadOnlyList<string> arguments);
}
