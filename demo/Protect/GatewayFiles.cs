using System.Text.RegularExpressions;

namespace HyperBdr.Demo.Protect;

/// <summary>What the administrator of the machine with the sync gateway does there by hand.</summary>
internal sealed partial class GatewayFiles(string home)
{
    /// <summary>Adds a key that reads one bucket and does nothing else; the running endpoint knows it at once.</summary>
    public async Task<(string AccessKey, string Secret)> AddReaderAsync(string bucket, CancellationToken ct)
    {
        var program = Find("s3block") ?? throw new InvalidOperationException($"The gateway in {home} has no s3block.");
        var said = await Tool.RunAsync(program, ["keys", "add", "recovery-by-hand", "--bucket", bucket, "--policy", "reader", "--home", home], ct);
        return AddedPattern().Match(said) is { Success: true } added ? (added.Groups["key"].Value, added.Groups["secret"].Value) : throw new InvalidOperationException($"s3block keys add said: {said}");
    }

    /// <summary>The certificates (PEM) that a client of the gateway's endpoint trusts.</summary>
    public string Authority() => Find("data_ca.crt") ?? throw new InvalidOperationException($"The gateway in {home} has no data_ca.crt.");

    private string? Find(string name) => Directory.EnumerateFiles(home, name, SearchOption.AllDirectories).FirstOrDefault();

    [GeneratedRegex(@"access_key (?<key>\S+) secret_key (?<secret>\S+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AddedPattern();
}
