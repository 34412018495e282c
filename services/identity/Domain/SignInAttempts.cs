namespace HyperBdr.Identity.Domain;

/// <summary>Counted tries of one account name or one address; written before the proof is checked, taken back when it was right.</summary>
public sealed class SignInAttempts
{
    /// <summary>SHA-256 of <c>account:name</c> or <c>address:ip</c>; names that nobody has are counted in the same way.</summary>
    public required byte[] Key { get; init; }

    public required int Failures { get; init; }

    public required DateTimeOffset ForgetAt { get; init; }

    public DateTimeOffset? BlockedUntil { get; init; }
}
