using HyperBdr.Engine;
using HyperBdr.Engine.Stores;

namespace HyperBdr.Hbdr.Places;

/// <summary>A store as named on the command line.</summary>
/// <param name="Authority">PEM file of the only authorities that an S3 service's certificate may come from; null for the system's.</param>
internal sealed record StorePlace(string Text, Uri? Endpoint, string? Authority, string? Region, RatePlan? Rates, Io Io)
{
    private const string S3Scheme = "s3://";

    /// <summary>The folder; null for a store elsewhere.</summary>
    public string? Folder => IsS3 ? null : Path.GetFullPath(Text);

    private bool IsS3 => Text.StartsWith(S3Scheme, StringComparison.Ordinal);

    /// <summary>The store with retries and limits in front of it.</summary>
    public IBlobStore Open() => StoreStack.Build(Bare(), new StoreStackOptions { Rates = Rates }, Io.Time).Store;

    /// <summary>The store itself.</summary>
    public IBlobStore Bare()
    {
        if (IsS3) return Authority is null ? new S3Store(S3(), transport: null) : TrustingStore.Open(S3(), Authority);
        if (Text.Contains("://", StringComparison.Ordinal)) throw new EngineException(Fault.InvalidArgument, Text, "is neither a folder nor s3://bucket/prefix");
        return new FolderStore(Text);
    }

    private S3Options S3()
    {
        var path = Text[S3Scheme.Length..].TrimEnd('/');
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var region = Region ?? Io.Environment("AWS_REGION") ?? Io.Environment("AWS_DEFAULT_REGION") ?? "us-east-1";
        return new S3Options
        {
            Endpoint = Endpoint ?? FromEnvironment() ?? new Uri($"https://s3.{region}.amazonaws.com"),
            Region = region,
            Bucket = slash < 0 ? path : path[..slash],
            Prefix = slash < 0 ? "" : path[(slash + 1)..] + "/",
            AccessKey = Needed("AWS_ACCESS_KEY_ID"),
            SecretKey = Needed("AWS_SECRET_ACCESS_KEY"),
        };
    }

    private Uri? FromEnvironment() => (Io.Environment("AWS_ENDPOINT_URL_S3") ?? Io.Environment("AWS_ENDPOINT_URL")) is not { } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri
        : throw new EngineException(Fault.InvalidArgument, "AWS_ENDPOINT_URL", $"'{text}' is no address");

    private string Needed(string variable) => Io.Environment(variable) ?? throw new EngineException(Fault.InvalidArgument, Text, $"an S3 store needs {variable} in the environment");
}
