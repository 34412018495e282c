using System.Runtime.CompilerServices;

namespace HyperBdr.Engine.Stores;

/// <summary>When a call fails.</summary>
public enum FaultWhen
{
    /// <summary>The call has no effect.</summary>
    Before,
    /// <summary>The call took effect, and its answer is lost.</summary>
    After,
}

/// <summary>What goes wrong with one call; null fields do nothing.</summary>
/// <param name="Fault">The failure that the caller sees.</param>
/// <param name="When">Before or after the effect.</param>
/// <param name="Delay">A pause before anything else.</param>
/// <param name="Torn">A read gives only a part of its bytes, and fails as unavailable after that part was written into the caller's memory.</param>
public sealed record StoreTrouble(Fault? Fault, FaultWhen When, TimeSpan? Delay = null, bool Torn = false);

/// <summary>A call as a trouble plan sees it.</summary>
/// <param name="Number">Counts calls from 1, over all kinds.</param>
/// <param name="Call">Its kind.</param>
/// <param name="Subject">The blob's name, or the prefix of a listing.</param>
public sealed record StoreAttempt(int Number, StoreCall Call, string Subject);

/// <summary>A store that fails by plan, for tests and for trying what stands in front of it.</summary>
public sealed class FaultyStore(IBlobStore inner, Func<StoreAttempt, StoreTrouble?> plan, TimeProvider time) : StoreDecorator(inner)
{
    private int attempts;

    /// <summary>Calls so far; run once without trouble to learn how many there are to fail.</summary>
    public int Attempts => Volatile.Read(ref attempts);

    /// <summary>Fails exactly the call of this number.</summary>
    public static Func<StoreAttempt, StoreTrouble?> Nth(int number, FaultWhen when, Fault fault = Fault.StoreUnavailable) =>
        attempt => attempt.Number == number ? new StoreTrouble(fault, when) : null;

    /// <summary>Fails a share of the calls, before or after, at random from a seed; the same seed gives the same numbers the same trouble.</summary>
    /// <param name="seed">Of the dice.</param>
    /// <param name="share">0 to 1.</param>
    public static Func<StoreAttempt, StoreTrouble?> Seeded(int seed, double share) => attempt =>
    {
        var random = new Random(HashOf(seed, attempt.Number));
        if (random.NextDouble() >= share) return null;
        return new StoreTrouble(Fault.StoreUnavailable, random.Next(2) == 0 ? FaultWhen.Before : FaultWhen.After, Torn: random.Next(4) == 0);
    };

    /// <inheritdoc/>
    public override Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct) => Run(StoreCall.Put, name.Value, () => Inner.PutAsync(name, content, ct), ct);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct)
    {
        var attempt = Next(StoreCall.Read, name.Value);
        var trouble = plan(attempt);
        if (trouble is not { Torn: true }) return Run(attempt, trouble, () => Inner.ReadAsync(name, offset, into, ct), ct);
        return Run(attempt, trouble with { Fault = Fault.StoreUnavailable, When = FaultWhen.After }, () => Inner.ReadAsync(name, offset, into[..(into.Length / 2)], ct), ct);
    }

    /// <inheritdoc/>
    public override Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct) => Run(StoreCall.Find, name.Value, () => Inner.FindAsync(name, ct), ct);

    /// <inheritdoc/>
    /// <remarks>Before: fails at the start. After: fails at the end, when all names were given.</remarks>
    public override async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        var attempt = Next(StoreCall.List, prefix);
        var trouble = plan(attempt);
        if (trouble?.Delay is { } pause) await Task.Delay(pause, time, ct);
        if (trouble is { Fault: { } before, When: FaultWhen.Before }) throw Failure(attempt, before);
        await foreach (var blob in Inner.ListAsync(prefix, ct)) yield return blob;
        if (trouble?.Fault is { } after) throw Failure(attempt, after);
    }

    /// <inheritdoc/>
    public override Task DeleteAsync(BlobName name, CancellationToken ct) => Run(StoreCall.Delete, name.Value, async () =>
    {
        await Inner.DeleteAsync(name, ct);
        return true;
    }, ct);

    /// <inheritdoc/>
    public override Task<DateTimeOffset> ClockAsync(CancellationToken ct) => Run(StoreCall.Clock, "", () => Inner.ClockAsync(ct), ct);

    private Task<T> Run<T>(StoreCall call, string subject, Func<Task<T>> work, CancellationToken ct)
    {
        var attempt = Next(call, subject);
        return Run(attempt, plan(attempt), work, ct);
    }

    private async Task<T> Run<T>(StoreAttempt attempt, StoreTrouble? trouble, Func<Task<T>> work, CancellationToken ct)
    {
        if (trouble?.Delay is { } pause) await Task.Delay(pause, time, ct);
        if (trouble is { Fault: { } before, When: FaultWhen.Before }) throw Failure(attempt, before);
        var result = await work();
        return trouble?.Fault is { } after ? throw Failure(attempt, after) : result;
    }

    private StoreAttempt Next(StoreCall call, string subject) => new(Interlocked.Increment(ref attempts), call, subject);

    private static EngineException Failure(StoreAttempt attempt, Fault fault) => new(fault, attempt.Subject, $"injected into call {attempt.Number} ({attempt.Call})");

    // SplitMix64's finalizer: neighbouring numbers give unrelated dice.
    private static int HashOf(int seed, int number)
    {
        var x = ((ulong)(uint)seed << 32) + (uint)number;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return (int)(x ^ (x >> 31));
    }
}
