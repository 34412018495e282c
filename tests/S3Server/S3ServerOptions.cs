namespace HyperBdr.S3Testing;

/// <summary>What a test server is and how it behaves from the start.</summary>
public sealed record S3ServerOptions
{
    /// <summary>Loopback port; 0 takes a free one.</summary>
    public int Port { get; init; }

    public string Region { get; init; } = "eu-test-1";

    /// <summary>The only bucket.</summary>
    public string Bucket { get; init; } = "dr-copies";

    public string AccessKey { get; init; } = "AKTEST0123456789";

    /// <summary>With letters that a careless signer encodes wrongly.</summary>
    public string SecretKey { get; init; } = "s3cr3t/with+odd=signs and space";

    /// <summary>Added before every answer.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Names per page of a listing, as S3 has it.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>False for a server of before checksums: they are neither verified, kept nor answered.</summary>
    public bool KeepsChecksums { get; init; } = true;

    /// <summary>Parts but the last are refused below this size, as S3 does.</summary>
    public int MinPartBytes { get; init; } = 5 << 20;

    /// <summary>Serves TLS with it; null for plain HTTP.</summary>
    public System.Security.Cryptography.X509Certificates.X509Certificate2? Certificate { get; init; }

    /// <summary>For a request with a session token: the secret that it is signed with, or null to refuse it. Null knows no tokens.</summary>
    public Func<S3Call, string, string?>? Tokens { get; init; }

    /// <summary>Added to the answer of a look at the bucket.</summary>
    public Func<IEnumerable<KeyValuePair<string, string>>> BucketHeaders { get; init; } = () => [];

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
