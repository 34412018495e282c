using System.CommandLine;

namespace HyperBdr.Hbdr.Places;

/// <summary>The options that say where a repository lies and what opens it; the environment stands in for what is not given.</summary>
internal sealed class RepositoryOptions(Io io)
{
    private readonly Argument<string> place = new("REPO") { Description = "A folder, or s3://bucket/prefix" };
    private readonly Option<string?> keyFile = new("--key-file") { Description = "Key file (or HBDR_KEY_FILE)", HelpName = "FILE", Recursive = true };
    private readonly Option<string?> passphraseFile = new("--passphrase-file") { Description = "File whose first line is the passphrase (or HBDR_PASSPHRASE_FILE)", HelpName = "FILE", Recursive = true };
    private readonly Option<string?> passphraseEnv = new("--passphrase-env") { Description = "Environment variable that holds the passphrase", HelpName = "NAME", Recursive = true };
    private readonly Option<string?> escrowKey = new("--escrow-key") { Description = "Private escrow key (or HBDR_ESCROW_KEY); a passphrase of its own is taken from HBDR_ESCROW_PASSPHRASE", HelpName = "PEM", Recursive = true };
    private readonly Option<string?> cache = new("--cache") { Description = "Folder for what can be made again (or HBDR_CACHE; default ~/.cache/hbdr)", HelpName = "DIR", Recursive = true };
    private readonly Option<Uri?> endpoint = new("--s3-endpoint") { Description = "Address of the S3 service (or AWS_ENDPOINT_URL; default AWS by region)", HelpName = "URL", Recursive = true, CustomParser = Address };
    private readonly Option<string?> authority = new("--s3-authority") { Description = "The only certificate authorities that are believed for the S3 service (or HBDR_S3_AUTHORITY; default the system's)", HelpName = "PEM", Recursive = true };
    private readonly Option<string?> region = new("--s3-region") { Description = "Region of the bucket (or AWS_REGION; default us-east-1)", HelpName = "NAME", Recursive = true };

    private readonly RateOptions rates = new();

    public void AddTo(Command root)
    {
        foreach (var option in (Option[])[keyFile, passphraseFile, passphraseEnv, escrowKey, cache, endpoint, authority, region]) root.Add(option);
        rates.AddTo(root);
    }

    /// <summary>The REPO argument, to be added to a command as its first.</summary>
    public Argument<string> Place => place;

    public RepositoryPlace Of(ParseResult parsed)
    {
        var key = new KeyChoice(parsed.GetValue(keyFile), parsed.GetValue(passphraseFile), parsed.GetValue(passphraseEnv), parsed.GetValue(escrowKey)).OrFrom(io.Environment);
        return new RepositoryPlace(StoreOf(parsed), key, CacheFolder(parsed.GetValue(cache)), io);
    }

    /// <summary>The store alone, for what needs no key.</summary>
    public StorePlace StoreOf(ParseResult parsed) => new(parsed.GetValue(place)!, parsed.GetValue(endpoint), parsed.GetValue(authority) ?? io.Environment("HBDR_S3_AUTHORITY"), parsed.GetValue(region), rates.Of(parsed), io);

    private string CacheFolder(string? given) =>
        Path.GetFullPath(given ?? io.Environment("HBDR_CACHE") ?? Path.Combine(io.Environment("XDG_CACHE_HOME") ?? Path.Combine(io.Environment("HOME") ?? "/root", ".cache"), "hbdr"));

    private static Uri? Address(System.CommandLine.Parsing.ArgumentResult result)
    {
        if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https") return uri;
        result.AddError($"'{result.Tokens[0].Value}' is no address that begins with http:// or https://");
        return null;
    }
}
