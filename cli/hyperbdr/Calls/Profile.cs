using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperBdr.Cli.Calls;

/// <summary>Which console, and with which key.</summary>
/// <param name="Authority">File of the authority that the console's certificate chains to; null for the machine's own authorities.</param>
internal sealed record Profile(Uri Url, string AccessKey, string SecretKey, string? Authority)
{
    private const int LargestFile = 64 * 1024;

    /// <summary>Each value from the environment, else from the file.</summary>
    public static Profile Find(string? given, Io io)
    {
        var path = given ?? io.Environment("HYPERBDR_PROFILE") ?? Path.Combine(io.Environment("XDG_CONFIG_HOME") ?? Path.Combine(io.Environment("HOME") ?? "/", ".config"), "hyperbdr", "profile.json");
        var file = File.Exists(path) ? Read(path) : given is null ? new JsonObject() : throw Unusable($"There is no profile {path}.");
        string? Value(string variable, string field) => io.Environment(variable) ?? (file[field] is JsonValue v && v.TryGetValue<string>(out var text) && text.Length > 0 ? text : null);
        var url = Value("HYPERBDR_URL", "url") ?? throw Unusable($"No console is named: set HYPERBDR_URL, or url in {path}.");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps) throw Unusable($"{url} is no https address.");
        return new Profile(
            address,
            Value("HYPERBDR_ACCESS_KEY", "access_key") ?? throw Unusable($"No access key: set HYPERBDR_ACCESS_KEY, or access_key in {path}."),
            Value("HYPERBDR_SECRET_KEY", "secret_key") ?? throw Unusable($"No secret key: set HYPERBDR_SECRET_KEY, or secret_key in {path}."),
            Value("HYPERBDR_AUTHORITY", "authority"));
    }

    private static JsonObject Read(string path)
    {
        // It holds a secret.
        var mode = File.GetUnixFileMode(path);
        if ((mode & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)) != UnixFileMode.None) throw Unusable($"Others may read the profile {path}; run: chmod 600 {path}");
        if (new FileInfo(path).Length > LargestFile) throw Unusable($"The profile {path} is too large.");
        try
        {
            return JsonNode.Parse(File.ReadAllText(path)) as JsonObject ?? throw Unusable($"The profile {path} is no JSON object.");
        }
        catch (JsonException e)
        {
            throw Unusable($"The profile {path} is no JSON: {e.Message}");
        }
    }

    private static CommandFailedException Unusable(string message) => new(ExitCodes.Usage, "cli.profile", message);
}
