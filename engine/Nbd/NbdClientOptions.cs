using System.Security.Cryptography.X509Certificates;

namespace HyperBdr.Engine.Nbd;

/// <summary>How an <see cref="NbdClient"/> connects and what it asks for.</summary>
public sealed record NbdClientOptions
{
    /// <summary>From connecting to the end of the negotiation.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the server may send nothing while an answer is due; then the connection counts as lost.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Requests that are sent before the first of them is answered, 1 or more.</summary>
    public int RequestsInFlight { get; init; } = 64;

    /// <summary>Dirty bitmaps of a QEMU server that <see cref="NbdClient.DirtyRangesAsync"/> will be asked for.</summary>
    public IReadOnlyList<string> DirtyBitmaps { get; init; } = [];

    /// <summary>Whether to ask for structured replies; without them nothing is known of holes.</summary>
    public bool StructuredReplies { get; init; } = true;

    /// <summary>Who may sign the server's certificate; null: the machine's own list.</summary>
    public X509Certificate2? Authority { get; init; }

    /// <summary>The name in the server's certificate; null: the host of the URI, or <c>localhost</c> for a Unix socket.</summary>
    public string? ServerName { get; init; }

    /// <summary>The client's certificate with its private key, where the server asks for one.</summary>
    public X509Certificate2? Certificate { get; init; }
}
