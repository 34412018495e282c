namespace HyperBdr.S3Block.Storage;

/// <summary>What a bucket is, as its file says it.</summary>
internal sealed record BucketConfig
{
    /// <summary>Unix milliseconds.</summary>
    public long CreatedAt { get; init; }

    /// <summary>Access key of who made it.</summary>
    public string Owner { get; init; } = "";

    public Versioning Versioning { get; init; }

    public bool LockEnabled { get; init; }

    public LockMode? DefaultMode { get; init; }

    public int DefaultDays { get; init; }

    public int DefaultYears { get; init; }

    public IReadOnlyList<CorsRule>? Cors { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

internal enum Versioning
{
    Off,
    Enabled,
    Suspended,
}

internal sealed record CorsRule(string? Id, IReadOnlyList<string> Origins, IReadOnlyList<string> Methods, IReadOnlyList<string> Headers, IReadOnlyList<string> Exposed, int? MaxAge);

/// <summary>A bucket as it is now.</summary>
internal sealed class Bucket(string name, BucketConfig config)
{
    private readonly Lock gate = new();
    private volatile BucketConfig config = config;
    private int inside;
    private bool closed;

    public string Name => name;

    public BucketConfig Config
    {
        get => config;
        set => config = value;
    }

    /// <summary>Begins a change inside of the bucket, so that the bucket does not go meanwhile; false when it is going.</summary>
    public bool TryEnter()
    {
        lock (gate)
        {
            if (closed) return false;
            inside++;
            return true;
        }
    }

    public void Leave()
    {
        lock (gate) inside--;
    }

    /// <summary>Keeps new changes out; false while one is being made.</summary>
    public bool TryClose()
    {
        lock (gate) return closed = inside == 0;
    }

    public void Reopen()
    {
        lock (gate) closed = false;
    }
}

/// <summary>The bucket was deleted while something was put into it.</summary>
internal sealed class BucketGoneException(string bucket) : IOException($"{bucket} is gone");
