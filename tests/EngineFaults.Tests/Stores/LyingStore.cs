using System.Runtime.CompilerServices;
using HyperBdr.Engine.Stores;
using HyperBdr.Engine.Tests.Maintenance;

namespace HyperBdr.EngineFaults.Tests.Stores;

/// <summary>Which promise a store breaks.</summary>
public enum Lie
{
    /// <summary>Puts are called done and are not.</summary>
    PutsVanish,
    /// <summary>What was put cannot be seen in a listing.</summary>
    ListsNothing,
    /// <summary>The later put wins.</summary>
    Overwrites,
    /// <summary>Reads give other bytes.</summary>
    FlipsBits,
    /// <summary>Reads end early.</summary>
    CutsReads,
    /// <summary>Deletes are called done and are not.</summary>
    DeletesNothing,
    /// <summary>Upper and lower case are one.</summary>
    FoldsCase,
    /// <summary>The clock is a day late.</summary>
    WrongTime,
}

/// <summary>A store that breaks one promise.</summary>
internal sealed class LyingStore(IBlobStore inner, Lie lie) : StoreDecorator(inner)
{
    public override async Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        if (lie == Lie.PutsVanish) return PutOutcome.Created;
        if (lie == Lie.Overwrites) await base.DeleteAsync(name, ct);
        return await base.PutAsync(Fold(name), content, ct);
    }

    public override async Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct)
    {
        var read = await base.ReadAsync(Fold(name), offset, lie == Lie.CutsReads && into.Length > 1000 ? into[..1000] : into, ct);
        if (lie == Lie.FlipsBits && read > 0) into.Span[read / 2] ^= 1;
        return read;
    }

    public override Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct) => base.FindAsync(Fold(name), ct);

    public override async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var blob in base.ListAsync(prefix, ct))
        {
            if (lie != Lie.ListsNothing) yield return blob;
        }
    }

    public override Task DeleteAsync(BlobName name, CancellationToken ct) => lie == Lie.DeletesNothing ? Task.CompletedTask : base.DeleteAsync(Fold(name), ct);

    public override async Task<DateTimeOffset> ClockAsync(CancellationToken ct) => await base.ClockAsync(ct) - (lie == Lie.WrongTime ? TimeSpan.FromDays(1) : TimeSpan.Zero);

    private BlobName Fold(BlobName name) => lie == Lie.FoldsCase ? new BlobName(name.Value.ToLowerInvariant()) : name;
}

/// <summary>A store whose clock is another.</summary>
internal sealed class WrongClock(IBlobStore inner, MovedClock clock) : StoreDecorator(inner)
{
    public override Task<DateTimeOffset> ClockAsync(CancellationToken ct) => Task.FromResult(clock.GetUtcNow());
}

/// <summary>A store that lists in the order of names.</summary>
internal sealed class SortedListing(IBlobStore inner) : StoreDecorator(inner)
{
    public override async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        var all = new List<BlobInfo>();
        await foreach (var blob in base.ListAsync(prefix, ct)) all.Add(blob);
        foreach (var blob in all.OrderBy(b => b.Name.Value, StringComparer.Ordinal)) yield return blob;
    }
}
