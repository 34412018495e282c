using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using HyperBdr.Contracts.Storplus.V1;
using HyperBdr.Storplus.Stores;

namespace HyperBdr.Storplus.Features.Probes;

/// <summary>What a step saw.</summary>
internal sealed record ProbeOutcome(bool Passed, string? Code, string Message)
{
    public static ProbeOutcome Pass(string seen) => new(true, null, seen);

    public static ProbeOutcome Fail(string code, string message) => new(false, $"storplus.probe.{code}", message);
}

/// <summary>The steps of a probe against one store. Each uses names of its own run and removes them, so it may be repeated at any time.</summary>
/// <remarks>A step that was cut by a crash leaves blobs below <see cref="Prefix"/>; the next failed step, or the last step, removes them.</remarks>
internal sealed class ProbeSteps(IBlobStore store, Guid probeId)
{
    private const int BlobSize = 64 * 1024;
    private const int Rivals = 8;
    private static readonly TimeSpan CleanWithin = TimeSpan.FromSeconds(4);

    /// <summary>Everything of this probe.</summary>
    public string Prefix => $"probe/{probeId:n}/";

    public async Task<ProbeOutcome> RunAsync(ProbeStep step, CancellationToken ct)
    {
        var run = $"{Prefix}{Guid.CreateVersion7():n}";
        var outcome = ProbeOutcome.Fail("unfinished", "The step did not end.");
        try
        {
            await store.OpenAsync(ct);
            outcome = step switch
            {
                ProbeStep.Connect => ProbeOutcome.Pass("The store answers and the credentials are accepted."),
                ProbeStep.ReadAfterWrite => await ReadAfterWriteAsync(run, ct),
                ProbeStep.List => await ListAsync(run, ct),
                ProbeStep.RangeRead => await RangeReadAsync(run, ct),
                ProbeStep.ConditionalCreate => await ConditionalCreateAsync(run, ct),
                ProbeStep.Delete => await DeleteAsync(run, ct),
                _ => throw new ArgumentOutOfRangeException(nameof(step), step, "not a step"),
            };
            return outcome;
        }
        finally
        {
            // The last step has looked already that nothing is left.
            if (step != ProbeStep.Connect && !(step == ProbeStep.Delete && outcome.Passed)) await CleanAsync(outcome.Passed ? run : Prefix);
        }
    }

    private async Task<ProbeOutcome> ReadAfterWriteAsync(string run, CancellationToken ct)
    {
        var content = RandomNumberGenerator.GetBytes(BlobSize);
        var watch = Stopwatch.StartNew();
        await store.PutAsync($"{run}/whole", content, ct);
        var wrote = watch.ElapsedMilliseconds;
        var back = new byte[BlobSize + 1];
        var read = await store.ReadAsync($"{run}/whole", 0, back, ct);
        return read == BlobSize && back.AsSpan(0, read).SequenceEqual(content)
            ? ProbeOutcome.Pass($"Wrote 64 KiB in {wrote} ms and read the same bytes back at once.")
            : ProbeOutcome.Fail("read_after_write_differs", $"Read {read} bytes that differ from the {BlobSize} bytes just written: do not keep backups in this store.");
    }

    private async Task<ProbeOutcome> ListAsync(string run, CancellationToken ct)
    {
        string[] names = [$"{run}/list/a", $"{run}/list/b", $"{run}/list/c"];
        foreach (var name in names) await store.PutAsync(name, Encoding.ASCII.GetBytes(name), ct);
        await store.PutAsync($"{run}/other", "x"u8.ToArray(), ct);
        var seen = new List<BlobInfo>();
        await foreach (var blob in store.ListAsync($"{run}/list/", ct)) seen.Add(blob);
        var missing = names.Except(seen.Select(b => b.Name), StringComparer.Ordinal).Count();
        if (missing > 0) return ProbeOutcome.Fail("list_stale", $"The list misses {missing} of 3 objects written a moment ago: the store lists too late for backups to be found safely.");
        if (seen.Count > names.Length) return ProbeOutcome.Fail("list_wrong", $"The list of a prefix shows {seen.Count} objects where 3 are: the store does not keep to the prefix.");
        return seen.All(b => b.Length == b.Name.Length)
            ? ProbeOutcome.Pass("The list shows at once what was written, with the right sizes.")
            : ProbeOutcome.Fail("list_wrong", "The list shows wrong sizes: the store cannot be relied on.");
    }

    private async Task<ProbeOutcome> RangeReadAsync(string run, CancellationToken ct)
    {
        var content = RandomNumberGenerator.GetBytes(BlobSize);
        await store.PutAsync($"{run}/range", content, ct);
        foreach (var (offset, length) in new[] { (1, 4096), (BlobSize / 2 - 7, 513), (BlobSize - 100, 100) })
        {
            var part = new byte[length];
            var read = await store.ReadAsync($"{run}/range", offset, part, ct);
            if (read != length || !part.AsSpan().SequenceEqual(content.AsSpan(offset, length)))
                return ProbeOutcome.Fail("range_wrong", $"Bytes {offset} to {offset + length - 1} came back wrong: the store ignores or mistreats range reads.");
        }

        return ProbeOutcome.Pass("Three ranges came back byte for byte.");
    }

    private async Task<ProbeOutcome> ConditionalCreateAsync(string run, CancellationToken ct)
    {
        var name = $"{run}/once";
        var first = "first"u8.ToArray();
        await store.PutAsync(name, first, ct);
        var second = await store.PutAsync(name, "other"u8.ToArray(), ct);
        if (second == PutOutcome.Created || !await HoldsAsync(name, first, ct))
            return ProbeOutcome.Fail("conditional_create_ignored", "The store overwrites an object although asked to create it only if absent (If-None-Match: *): use a store or version that honours it.");

        // Now all at once: exactly one may take the name.
        var rival = $"{run}/rivals";
        var contents = Enumerable.Range(0, Rivals).Select(i => Encoding.ASCII.GetBytes($"rival {i}")).ToArray();
        var outcomes = await Task.WhenAll(contents.Select(c => store.PutAsync(rival, c, ct)));
        var winners = Enumerable.Range(0, Rivals).Where(i => outcomes[i] == PutOutcome.Created).ToArray();
        if (winners.Length > 1 || (winners.Length == 1 && !await HoldsAsync(rival, contents[winners[0]], ct)))
            return ProbeOutcome.Fail("conditional_create_races", $"{winners.Length} of {Rivals} writers at once were told that they created the same object: the store's conditional creation is not atomic.");
        return ProbeOutcome.Pass($"An object is created once: a second write and {Rivals - 1} of {Rivals} rivals at once were refused.");
    }

    private async Task<ProbeOutcome> DeleteAsync(string run, CancellationToken ct)
    {
        var name = $"{run}/gone";
        await store.PutAsync(name, "x"u8.ToArray(), ct);
        await store.DeleteAsync(name, ct);
        await store.DeleteAsync(name, ct);
        var removed = await RemoveAllAsync(Prefix, ct);
        await foreach (var left in store.ListAsync(Prefix, ct))
            return ProbeOutcome.Fail("delete_ignored", "A deleted object is still listed: allow the key to delete, or check versioning and retention of the bucket.");
        return ProbeOutcome.Pass(removed == 0 ? "Deleting works, also twice; nothing of the check is left." : $"Deleting works; {removed} leftovers of an interrupted check were removed.");
    }

    private async Task<bool> HoldsAsync(string name, byte[] expected, CancellationToken ct)
    {
        var back = new byte[expected.Length + 1];
        var read = await store.ReadAsync(name, 0, back, ct);
        return back.AsSpan(0, read).SequenceEqual(expected);
    }

    private async Task<int> RemoveAllAsync(string prefix, CancellationToken ct)
    {
        var names = new List<string>();
        await foreach (var blob in store.ListAsync(prefix, ct)) names.Add(blob.Name);
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = ct }, async (name, token) => await store.DeleteAsync(name, token));
        return names.Count;
    }

    /// <summary>Best effort and with a time of its own, because the step's may be over; what stays is met by the next run.</summary>
    private async Task CleanAsync(string prefix)
    {
        using var limit = new CancellationTokenSource(CleanWithin);
        try
        {
            await RemoveAllAsync(prefix, limit.Token);
        }
        catch (Exception e) when (e is StoreException or OperationCanceledException)
        {
            // The step's own result says what is wrong with the store.
        }
    }
}
