namespace HyperBdr.Owl.Domain;

/// <summary>What a walk over a chain found.</summary>
/// <param name="Entries">Entries looked at.</param>
/// <param name="BrokenAt">First sequence number that does not fit; null when intact.</param>
/// <param name="Problem">What does not fit, for people; null when intact.</param>
public sealed record ChainVerdict(bool Intact, long Entries, long? BrokenAt, string? Problem);

/// <summary>Checks a tenant's chain entry by entry: gaps, links, hashes, checkpoints and the head.</summary>
/// <param name="checkpoints">Of this tenant, by sequence number.</param>
/// <param name="isSigned">Whether a checkpoint's signature is right.</param>
public sealed class ChainWalk(Guid tenantId, IReadOnlyDictionary<long, Checkpoint> checkpoints, Func<Checkpoint, bool> isSigned)
{
    private long last;
    private byte[] lastHash = ChainHash.Start;
    private ChainVerdict? broken;

    /// <summary>Takes the next entry in order of sequence; false when the walk may stop.</summary>
    public bool Take(AuditEntry entry)
    {
        var expected = last + 1;
        var problem = Fault(entry, expected);
        if (problem is not null)
        {
            broken = new ChainVerdict(false, last, Math.Min(expected, entry.Sequence), problem);
            return false;
        }

        (last, lastHash) = (entry.Sequence, entry.Hash);
        return true;
    }

    /// <summary>The verdict, once every entry was taken.</summary>
    public ChainVerdict End(ChainHead? head)
    {
        if (broken is not null) return broken;
        var beyond = checkpoints.Keys.Where(s => s > last).Order().FirstOrDefault();
        if (beyond > 0) return new ChainVerdict(false, last, last + 1, $"a signed checkpoint at {beyond} says that entries are missing at the end");
        if ((head?.Sequence ?? 0) != last) return new ChainVerdict(false, last, Math.Min(head?.Sequence ?? 0, last) + 1, $"the chain's head says {head?.Sequence ?? 0} entries");
        if (head is not null && !head.Hash.AsSpan().SequenceEqual(lastHash)) return new ChainVerdict(false, last, last, "the last entry is not the one that the chain's head names");
        return new ChainVerdict(true, last, null, null);
    }

    private string? Fault(AuditEntry entry, long expected)
    {
        if (entry.TenantId != tenantId) return "the entry belongs to another tenant";
        if (entry.Sequence > expected) return entry.Sequence == expected + 1 ? $"entry {expected} is missing" : $"entries {expected} to {entry.Sequence - 1} are missing";
        if (entry.Sequence < expected) return "the entry is there twice";
        if (!entry.PreviousHash.AsSpan().SequenceEqual(lastHash)) return "the entry does not follow the one before it";
        if (!entry.Hash.AsSpan().SequenceEqual(ChainHash.Compute(entry))) return "the entry was changed after it was written";
        if (!checkpoints.TryGetValue(entry.Sequence, out var checkpoint)) return entry.Sequence % Checkpoint.Interval == 0 ? "its signed checkpoint is missing" : null;
        if (!isSigned(checkpoint)) return "its checkpoint's signature is not right";
        return checkpoint.Hash.AsSpan().SequenceEqual(entry.Hash) ? null : "the chain was written anew: the signed checkpoint names another hash";
    }
}
