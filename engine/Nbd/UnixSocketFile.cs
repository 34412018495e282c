using System.Net.Sockets;
using System.Runtime.InteropServices;
using HyperBdr.Engine.IO;

namespace HyperBdr.Engine.Nbd;

/// <summary>Binds a listening socket to a path that only its owner may connect to.</summary>
internal static partial class UnixSocketFile
{
    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const uint TypeOnly = 1;
    private const int ModeOffset = 28;
    private const int TypeMask = 0xF000;
    private const int TypeSocket = 0xC000;

    /// <summary>Replaces a socket that nobody answers on; never another kind of file.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Busy"/>: somebody answers; <see cref="Fault.NameTaken"/>: it is no socket; <see cref="Fault.InvalidArgument"/>: a path of more than 107 bytes.</exception>
    public static Socket Bind(string path)
    {
        var address = Address(path);
        RemoveStale(path, address);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(address);
            // Connecting is refused until Listen, so there is no moment in which others could.
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen(64);
            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw new EngineException(e is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } ? Fault.Busy : Fault.InvalidArgument, path, "cannot listen here", e);
        }
    }

    public static UnixDomainSocketEndPoint Address(string path)
    {
        try
        {
            return new(path);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new EngineException(Fault.InvalidArgument, path, "the path of a Unix socket has at most 107 bytes", e);
        }
    }

    private static void RemoveStale(string path, UnixDomainSocketEndPoint address)
    {
        if (!File.Exists(path)) return;
        if (!IsSocket(path)) throw new EngineException(Fault.NameTaken, path, "there is a file that is no socket");
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(address);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            Posix.TryUnlink(path);
            return;
        }

        throw new EngineException(Fault.Busy, path, "another server answers here");
    }

    private static bool IsSocket(string path)
    {
        Span<byte> facts = stackalloc byte[256];
        return StatX(CurrentFolder, path, NoFollow, TypeOnly, facts) == 0
            && (MemoryMarshal.Read<ushort>(facts[ModeOffset..]) & TypeMask) == TypeSocket;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, Span<byte> facts);
}
