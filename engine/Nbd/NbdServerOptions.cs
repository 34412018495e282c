using System.Security.Cryptography.X509Certificates;

namespace HyperBdr.Engine.Nbd;

/// <summary>Limits and security of an <see cref="NbdServer"/>. The memory of a connection is at most
/// <see cref="BytesInFlight"/> (twice that when arrays are rounded up) and 256 KiB.</summary>
public sealed record NbdServerOptions
{
    /// <summary>Connections at one time; more are closed at once.</summary>
    public int MaxConnections { get; init; } = 64;

    /// <summary>Requests of one connection that are worked on at one time; further ones wait in the socket.</summary>
    public int RequestsInFlight { get; init; } = 32;

    /// <summary>Payload of one connection that is held at one time; one request may be larger and then runs alone.</summary>
    public int BytesInFlight { get; init; } = 32 * 1024 * 1024;

    /// <summary>From accepting a connection to the end of its negotiation.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a client may take to receive one reply.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a client may be silent with nothing under way; a guest may well be for days.</summary>
    public TimeSpan IdleTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Whether clients may ask for the names of the exports.</summary>
    public bool AllowList { get; init; } = true;

    /// <summary>The server's certificate with its private key; null: no TLS.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Nothing is said about exports before TLS runs. Needs <see cref="Certificate"/>.</summary>
    public bool RequireTls { get; init; }

    /// <summary>Asks clients for a certificate and judges it (null when the client gave none); null: clients need none.</summary>
    public Func<X509Certificate2?, bool>? ClientCertificateCheck { get; init; }

    /// <summary>Told about each connection that ended in an error. Must not throw.</summary>
    public Action<Exception>? ConnectionFailed { get; init; }
}
