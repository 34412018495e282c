using HyperBdr.Contracts.Errors;
using HyperBdr.ServiceDefaults.Security;

namespace HyperBdr.Storplus.Stores;

/// <summary>The folders of this machine in which pools may be: setting <c>Storplus:FolderRoots</c>, by default <c>$HYPERBDR_HOME/pools</c>.</summary>
internal sealed class FolderRoots
{
    private readonly string[] roots;

    public FolderRoots(IConfiguration configuration, SecretFiles files)
    {
        var named = configuration.GetSection("Storplus:FolderRoots").Get<string[]>() ?? [];
        if (named.Length == 0)
        {
            var own = Path.Combine(files.Home, "pools");
            Directory.CreateDirectory(own, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            named = [own];
        }

        if (Array.Find(named, r => !Path.IsPathFullyQualified(r)) is { } relative) throw new InvalidOperationException($"Storplus:FolderRoots: {relative} is not an absolute path.");
        // A root itself may be reached through a link (the administrator chose it); what is below may not.
        roots = [.. named.Select(r => Path.TrimEndingDirectorySeparator(Path.GetFullPath(r)))];
    }

    /// <summary>The canonical form of an allowed path. A relative one is below the first root.</summary>
    public Result<string> Canonical(string path)
    {
        if (path.Any(char.IsControl)) return Refused("must not contain control characters");
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, roots[0]));
        if (System.Text.Encoding.UTF8.GetByteCount(full) > 900) return Refused("is too long (900 bytes at most)");
        var root = Array.Find(roots, r => full == r || full.StartsWith(r + '/', StringComparison.Ordinal));
        if (root is null) return Refused("must be inside one of the folders that the operator of this installation allows");
        return FirstLink(root, full) is null ? full : Refused("must not lead through a symbolic link");
    }

    /// <summary>Looks again at the moment of use: a link may have been put there since.</summary>
    public void Check(string path)
    {
        if (Canonical(path) is { IsError: true, Error: var error })
            throw new StoreException(StoreFault.FolderNotAllowed, "open", path, error.Fields!["folder.path"][0]);
    }

    private static string? FirstLink(string root, string full)
    {
        var current = root;
        foreach (var part in full[root.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            current = Path.Combine(current, part);
            if (new FileInfo(current).LinkTarget is not null) return current;
        }

        return null;
    }

    private static Error Refused(string why) => Error.Field("folder.path", $"The folder {why}.");
}
