using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Platforms.Kvm;

/// <summary>Network namespaces, bridges and tap devices of the host, through iproute2.</summary>
internal static partial class HostNetwork
{
    public const string Bridge = "machines";
    private const int NetworkNamespace = 0x40000000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static string PathOf(string space) => $"/run/netns/{space}";

    public static bool Exists(string space) => File.Exists(PathOf(space));

    /// <summary>A namespace with one bridge and no way out: no other device, no route, nothing that forwards.</summary>
    public static async Task CreateIsolatedAsync(string space, string gateway, CancellationToken ct)
    {
        // What a crash left half made is made again from the start.
        await DeleteSpaceAsync(space, ct);
        await IpAsync(null, ["netns", "add", space], ct);
        await IpAsync(space, ["link", "set", "lo", "up"], ct);
        await IpAsync(space, ["link", "add", Bridge, "type", "bridge", "forward_delay", "0"], ct);
        await IpAsync(space, ["addr", "add", gateway, "dev", Bridge], ct);
        await IpAsync(space, ["link", "set", Bridge, "up"], ct);
    }

    public static async Task DeleteSpaceAsync(string space, CancellationToken ct)
    {
        if (Exists(space)) await IpAsync(null, ["netns", "del", space], ct);
    }

    public static async Task<bool> HasBridgeAsync(string? space, string bridge, CancellationToken ct)
    {
        try
        {
            return (await IpAsync(space, ["-o", "link", "show", "dev", bridge, "type", "bridge"], ct)).Length > 0;
        }
        catch (PlatformException e) when (e.Fault == PlatformFault.Failed)
        {
            return false;
        }
    }

    public static async Task CreateTapAsync(string? space, string tap, string bridge, CancellationToken ct)
    {
        await DeleteTapAsync(space, tap, ct);
        await IpAsync(space, ["tuntap", "add", "dev", tap, "mode", "tap"], ct);
        await IpAsync(space, ["link", "set", tap, "master", bridge], ct);
        await IpAsync(space, ["link", "set", tap, "up"], ct);
    }

    public static async Task DeleteTapAsync(string? space, string tap, CancellationToken ct)
    {
        if (space is not null && !Exists(space)) return;
        try
        {
            await IpAsync(space, ["link", "del", tap], ct);
        }
        catch (PlatformException e) when (e.Message.Contains("Cannot find device", StringComparison.Ordinal))
        {
            // It is gone already.
        }
    }

    /// <summary>Connects from inside of a namespace. The socket stays there; the thread that made it ends.</summary>
    public static async Task<Stream> ConnectAsync(string? space, string address, int port, CancellationToken ct)
    {
        var socket = await SocketInAsync(space);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(address), port), ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The arguments that run a program in a namespace.</summary>
    public static IReadOnlyList<string> Enter(string? space) => space is null ? [] : ["nsenter", $"--net={PathOf(space)}", "--"];

    private static Task<Socket> SocketInAsync(string? space)
    {
        var made = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (space is null)
        {
            made.SetResult(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            return made.Task;
        }

        // A thread of its own: a thread of the pool would carry the namespace to other work.
        new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle(PathOf(space));
                if (SetNs(handle, NetworkNamespace) != 0) throw new SocketException((int)SocketError.NetworkUnreachable);
                made.SetResult(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException)
            {
                made.SetException(e is SocketException ? e : new SocketException((int)SocketError.NetworkUnreachable));
            }
        }) { IsBackground = true, Name = "namespace " + space }.Start();
        return made.Task;
    }

    private static Task<string> IpAsync(string? space, IReadOnlyList<string> arguments, CancellationToken ct) =>
        HostProgram.DoAsync("ip", space is null ? arguments : ["-n", space, .. arguments], Limit, ct);

    public static string TapName(Guid machine, int nic) => $"hb{machine.ToString("n")[^11..]}{nic.ToString("x", CultureInfo.InvariantCulture)}";

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNs(SafeFileHandle space, int kind);
}
