using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using HyperBdr.Contracts.Identity.V1;

namespace HyperBdr.Gateway.Callers;

/// <summary>Spares identity a question per call: positive answers for two seconds, so that a revoked session ends well within five.</summary>
internal sealed class PrincipalCache(TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(2);
    private const int MostEntries = 10_000;
    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);
    private long generation;

    /// <summary>Grows with each <see cref="Forget"/>: an answer that was asked for before is not kept.</summary>
    public long Generation => Interlocked.Read(ref generation);

    public Principal? Find(string key) => entries.TryGetValue(key, out var entry) && time.GetElapsedTime(entry.Since) < Lifetime ? entry.Principal : null;

    /// <summary>An account with something pending is never kept: its next call comes right after the change.</summary>
    public void Keep(string key, Principal principal, long asked)
    {
        if (principal.Pending.Length > 0 || asked != Generation) return;
        if (entries.Count >= MostEntries) Sweep();
        if (entries.Count < MostEntries) entries[key] = new Entry(principal, time.GetTimestamp());
    }

    public void Forget(string key)
    {
        Interlocked.Increment(ref generation);
        entries.TryRemove(key, out _);
    }

    private void Sweep()
    {
        foreach (var (key, entry) in entries)
            if (time.GetElapsedTime(entry.Since) >= Lifetime) entries.TryRemove(key, out _);
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Entry(Principal Principal, long Since);
}
