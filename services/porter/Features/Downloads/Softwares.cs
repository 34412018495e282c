using System.Collections.Concurrent;
using System.Security.Cryptography;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Porter.Features.Downloads;

/// <summary>A package that is offered.</summary>
/// <param name="Sha256">Lower-case hexadecimal.</param>
internal sealed record Package(string Path, string FileName, string Sha256, DateTimeOffset ChangedAt);

/// <summary>The folder of the packages for machines: <c>HYPERBDR_SOFTWARES</c>, else <c>softwares</c> in the home, else what was built in this source tree.</summary>
internal sealed class Softwares(IConfiguration configuration, SecretFiles files)
{
    private readonly ConcurrentDictionary<string, (DateTime Changed, long Length, string Sha256)> sums = new(StringComparer.Ordinal);

    private string? Folder
    {
        get
        {
            if (configuration["HYPERBDR_SOFTWARES"] is { Length: > 0 } set) return set;
            var own = Path.Combine(files.Home, "softwares");
            return Directory.Exists(own) ? own : Built();
        }
    }

    /// <summary>The only file that a kind of machine gets; null for a kind without one.</summary>
    public static string? FileOf(string kind) => kind switch
    {
        "linux" => "egisplus-agent.tar.gz",
        "gateway" => "sgateway.tar.gz",
        _ => null,
    };

    /// <summary>Null when it is not here.</summary>
    public async Task<Package?> FindAsync(string kind, CancellationToken ct)
    {
        if (FileOf(kind) is not { } name || Folder is not { } folder) return null;
        var file = new FileInfo(Path.Combine(folder, kind, name));
        if (!file.Exists) return null;
        if (!sums.TryGetValue(file.FullName, out var known) || known.Changed != file.LastWriteTimeUtc || known.Length != file.Length)
        {
            await using var content = file.OpenRead();
            known = (file.LastWriteTimeUtc, file.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(content, ct)));
            sums[file.FullName] = known;
        }

        return new Package(file.FullName, name, known.Sha256, new DateTimeOffset(known.Changed, TimeSpan.Zero));
    }

    /// <summary>The script that installs the package, with its placeholders; null when it is not here.</summary>
    public async Task<string?> ScriptAsync(string kind, CancellationToken ct)
    {
        if (FileOf(kind) is null || Folder is not { } folder) return null;
        var path = Path.Combine(folder, kind, "install.sh");
        return File.Exists(path) ? await File.ReadAllTextAsync(path, ct) : null;
    }

    private static string? Built()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "HyperBdr.sln"))) return Path.Combine(folder.FullName, ".build", "softwares");
        return null;
    }
}
