namespace HyperBdr.Owl.Domain;

/// <summary>Where a tenant's chain ends; its row lock makes the writers of one tenant take turns.</summary>
public sealed class ChainHead
{
    public Guid TenantId { get; init; }

    /// <summary>Sequence number of the last entry; 0 before the first.</summary>
    public long Sequence { get; set; }

    public byte[] Hash { get; set; } = ChainHash.Start;

    /// <summary>Sequence number of the last signed checkpoint; 0 before the first.</summary>
    public long CheckpointSequence { get; set; }

    public DateTimeOffset CheckpointAt { get; set; }
}
