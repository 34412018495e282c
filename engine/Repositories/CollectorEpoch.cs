using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using HyperBdr.Engine.Codec.Keys;
using HyperBdr.Engine.Points;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Engine.Repositories;

/// <summary>What the collector last published: the points that it saw and the packs that it will delete (docs/formats/epochs.md).</summary>
/// <remarks>
/// Creating <c>epochs/&lt;number&gt;</c> is the one act that all sessions agree on, because a store creates a name once. A session that began
/// at epoch E refers to no pack that was condemned at E or before, and is told that its point is published only if E+2 did not exist after
/// that. So the collection that publishes E+3 sees every such point, and a point holds as long as the latest epoch is E+2 at most or names it.
/// A pack that was condemned at K may go at K+2 as soon as no point that holds needs it, whatever any clock says (docs/design/concurrency.md).
/// </remarks>
/// <param name="Number">0 before the first collection.</param>
/// <param name="At">By the store's clock.</param>
/// <param name="Points">Every point that the collector saw, sorted.</param>
/// <param name="Condemned">Packs that no point needed, and packs that were deleted lately; sorted by id.</param>
public sealed record CollectorEpoch(uint Number, DateTimeOffset At, IReadOnlyList<string> Points, IReadOnlyList<CondemnedPack> Condemned)
{
    internal const string Prefix = "epochs/";
    private const int MaxBytes = SealedObject.MaxPlainLength;

    /// <summary>A collection keeps the last eight.</summary>
    private const uint MostTried = 8;

    /// <summary>Before the first collection: nothing was ever condemned.</summary>
    public static CollectorEpoch None { get; } = new(0, DateTimeOffset.UnixEpoch, [], []);

    /// <summary>True when a point of this id and epoch may be restored from: nothing that it needs can have been deleted before it was published.</summary>
    public bool Holds(PointId id, uint epoch) => Number <= (ulong)epoch + 2 || Saw(id);

    /// <summary>True when the session of this epoch may still publish, or its point may be called published.</summary>
    internal bool Accepts(uint epoch) => Number <= (ulong)epoch + 1;

    /// <summary>True when the collector saw this point, so that all that it needs is kept until it is deleted.</summary>
    internal bool Saw(PointId id) => Seen.Contains(id.ToString());

    private HashSet<string> Seen => seen ??= Points.ToHashSet(StringComparer.Ordinal);

    private HashSet<string>? seen;

    internal static BlobName NameOf(uint number) => new(Prefix + number.ToString("D10", CultureInfo.InvariantCulture));

    internal static async Task<CollectorEpoch> LatestAsync(RepositoryObjects objects, CancellationToken ct)
    {
        var latest = await LatestNumberAsync(objects, ct);
        return latest == 0 ? None : await ReadAsync(objects, latest, ct);
    }

    /// <summary>What tells which points hold: the latest epoch, or where that cannot be read what an earlier one says with its number.</summary>
    /// <remarks>
    /// One damaged object must not keep every point from being restored. A point that an earlier epoch saw is kept until it is deleted, so that this never
    /// calls a point whole that is not; it may call one void that only the damaged epoch saw. Writers and collectors need the latest itself.
    /// </remarks>
    internal static async Task<CollectorEpoch> ForReadersAsync(RepositoryObjects objects, CancellationToken ct)
    {
        var latest = await LatestNumberAsync(objects, ct);
        for (var number = latest; number > 0 && latest - number < MostTried; number--)
        {
            try
            {
                return (await ReadAsync(objects, number, ct)) with { Number = latest };
            }
            catch (EngineException e) when (e.Fault is Fault.Corrupt or Fault.ForeignRepository or Fault.NewerFormat or Fault.MissingEpoch or Fault.NotFound)
            {
                // The one before, if there is one.
            }
        }

        return None with { Number = latest };
    }

    private static async Task<uint> LatestNumberAsync(RepositoryObjects objects, CancellationToken ct)
    {
        uint latest = 0;
        foreach (var name in await objects.ListAsync(Prefix, ct))
        {
            if (uint.TryParse(name.LastPart, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && name == NameOf(number)) latest = Math.Max(latest, number);
        }

        // A listing may lag behind; numbers have no gaps at the end, and a store finds what was put.
        while (await objects.Store.FindAsync(NameOf(latest + 1), ct) is not null) latest++;
        return latest;
    }

    internal static async Task<CollectorEpoch> ReadAsync(RepositoryObjects objects, uint number, CancellationToken ct)
    {
        var name = NameOf(number);
        var stored = await objects.ReadAllAsync(name, MaxBytes, ct);
        var plain = SealedObject.Open(objects.Keys, SealedPurpose.Epoch, stored, Context(name), MaxBytes, name.Value);
        return Decode(plain, number, name.Value);
    }

    /// <summary>What an opened epoch says, when every field is there and in its range.</summary>
    internal static CollectorEpoch Decode(ReadOnlySpan<byte> plain, uint number, string name)
    {
        var epoch = SealedJson.Read(plain, EpochJson.Default.CollectorEpoch, name);
        if (epoch.Number != number) throw new EngineException(Fault.Corrupt, name, $"says that it is epoch {epoch.Number}");
        var whole = epoch is { Points: not null, Condemned: not null } && epoch.Points.All(p => p is not null) && epoch.Condemned.All(c => c is { Pack: not null } && PointId.TryParse(c.Pack) is not null);
        return whole ? epoch : throw new EngineException(Fault.Corrupt, name, "has a field that is missing or out of range");
    }

    /// <summary>Publishes this epoch.</summary>
    /// <exception cref="EngineException"><see cref="Fault.Busy"/>: another collector was faster; nothing happened.</exception>
    internal async Task PublishAsync(RepositoryObjects objects, CancellationToken ct)
    {
        var name = NameOf(Number);
        var plain = JsonSerializer.SerializeToUtf8Bytes(this, EpochJson.Default.CollectorEpoch);
        try
        {
            await objects.Store.PutAsync(name, SealedObject.Seal(objects.Keys, SealedPurpose.Epoch, plain, Context(name), Codec.Compression.Zstd), ct);
        }
        catch (EngineException e) when (e.Fault == Fault.NameTaken)
        {
            throw new EngineException(Fault.Busy, name.Value, "another collector has published this epoch", e);
        }
    }

    private static byte[] Context(BlobName name) => System.Text.Encoding.UTF8.GetBytes(name.Value);
}

/// <summary>A pack that waits for its deletion.</summary>
/// <param name="Pack">The pack's id.</param>
/// <param name="Epoch">The epoch that condemned it.</param>
/// <param name="At">When, by the store's clock.</param>
/// <param name="Deleted">It is gone, and stays listed for a while: an index object that comes late may name it still.</param>
public sealed record CondemnedPack(string Pack, uint Epoch, DateTimeOffset At, bool Deleted = false)
{
    /// <summary>The pack's id as a value.</summary>
    [JsonIgnore]
    public Codec.PackId Id => new(new Codec.Hash256(Convert.FromHexString(Pack)));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(CollectorEpoch))]
internal sealed partial class EpochJson : JsonSerializerContext;
