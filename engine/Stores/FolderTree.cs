using System.Collections.Concurrent;
using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.Stores;

/// <summary>The folders of a <see cref="FolderStore"/>: found without following links, made durably.</summary>
/// <remarks>
/// The top folder's device and inode are remembered: when a share or disk is unmounted while the store is open, its empty mount point
/// is not taken for an empty store.
/// </remarks>
internal sealed class FolderTree(string top)
{
    // Far more folders than a repository has; beyond it a parent is merely synced again.
    private const int MaxKnown = 65_536;

    private readonly ConcurrentDictionary<string, bool> durable = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private (ulong Device, ulong Inode)? identity;

    /// <summary>The folder at these parts below the top; null when it does not exist.</summary>
    public SafeFileHandle? Open(ReadOnlySpan<char> path)
    {
        var folder = OpenTop();
        foreach (var part in path.Split('/'))
        {
            if (folder is null) return null;
            if (part.Start.Value == part.End.Value) continue;
            using var above = folder;
            folder = Posix.OpenFolderAt(above, path[part].ToString());
        }

        return folder;
    }

    /// <summary>The folder at these parts below the top, made where missing; every name on the way is on the device.</summary>
    public SafeFileHandle Make(ReadOnlySpan<char> path)
    {
        var folder = OpenTop() ?? MakeTop();
        foreach (var part in path.Split('/'))
        {
            if (part.Start.Value == part.End.Value) continue;
            using var above = folder;
            folder = MakeBelow(above, path[part].ToString(), path[..part.End.Value].ToString());
        }

        return folder;
    }

    /// <summary>Returns when the names in the folder are on the device.</summary>
    public static void SyncNames(SafeFileHandle folder, string path)
    {
        try
        {
            Posix.Sync(folder, path);
        }
        catch (PosixException e) when (e.Number == Posix.Invalid)
        {
            // fsync(2): the file system knows no sync of folders (SMB); its server makes names before it answers.
        }
    }

    private SafeFileHandle MakeBelow(SafeFileHandle above, string name, string path)
    {
        if (durable.ContainsKey(path) && Posix.OpenFolderAt(above, name) is { } known) return known;
        Posix.MakeFolderAt(above, name);
        // Also when it was there: whoever made it may have died before its sync.
        SyncNames(above, path);
        if (durable.Count >= MaxKnown) durable.Clear();
        durable[path] = true;
        return Posix.OpenFolderAt(above, name) ?? throw new PosixException("openat", path, Posix.NoEntry);
    }

    private SafeFileHandle? OpenTop()
    {
        var folder = OpenChosen();
        lock (gate)
        {
            if (folder is null) return identity is null ? null : throw Gone();
            var facts = Posix.FactsOf(folder);
            identity ??= (facts.Device, facts.Inode);
            if (identity == (facts.Device, facts.Inode)) return folder;
        }

        folder.Dispose();
        throw Gone();
    }

    private SafeFileHandle? OpenChosen()
    {
        try
        {
            return Posix.OpenFolder(top);
        }
        catch (PosixException e) when (e.Number is Posix.NotADirectory or Posix.LinkInTheWay)
        {
            // Not to be taken for an empty store, as a missing folder is.
            throw new EngineException(Fault.InvalidArgument, top, "not a folder", e);
        }
    }

    private SafeFileHandle MakeTop()
    {
        var missing = new Stack<string>();
        var at = top;
        for (; !Directory.Exists(at); at = Path.GetDirectoryName(at)!) missing.Push(Path.GetFileName(at));
        var folder = Posix.OpenFolder(at) ?? throw new PosixException("open", at, Posix.NoEntry);
        foreach (var name in missing)
        {
            using var above = folder;
            Posix.MakeFolderAt(above, name);
            SyncNames(above, name);
            folder = Posix.OpenFolderAt(above, name) ?? throw new PosixException("openat", name, Posix.NoEntry);
        }

        folder.Dispose();
        return OpenTop() ?? throw new PosixException("open", top, Posix.NoEntry);
    }

    private EngineException Gone() => new(Fault.StoreUnavailable, top, "the folder is not the one that was opened: it was unmounted, moved or replaced");
}
