using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Storplus.Stores;

/// <summary>Blobs as files below one folder.</summary>
/// <remarks>
/// A put writes a draft in <c>.drafts</c>, syncs it, links it to its name (which fails when the name is taken) and syncs the name's folder;
/// so a crash leaves drafts at worst, never a partial blob. Drafts of a dead process are removed by <see cref="OpenAsync"/>.
/// </remarks>
internal sealed class FolderStore(string root) : IBlobStore
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan DraftLifetime = TimeSpan.FromHours(1);
    private readonly string drafts = Path.Combine(root, ".drafts");

    public Task OpenAsync(CancellationToken ct) => Run("open", root, () =>
    {
        MakeFolder(root);
        MakeFolder(drafts);
        var old = TimeProvider.System.GetUtcNow().UtcDateTime - DraftLifetime;
        foreach (var draft in Directory.EnumerateFiles(drafts))
        {
            if (File.GetLastWriteTimeUtc(draft) < old) Posix.TryUnlink(draft);
        }

        return true;
    }, ct);

    public Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken ct) => Run("put", name, () =>
    {
        var path = PathOf(name);
        var draft = Path.Combine(drafts, $"{Guid.CreateVersion7():n}");
        try
        {
            MakeFolder(drafts);
            Write(draft, content);
            if (!Publish(draft, path)) return PutOutcome.AlreadyThere;
            Posix.SyncFolder(Path.GetDirectoryName(path)!);
            return PutOutcome.Created;
        }
        finally
        {
            Posix.TryUnlink(draft);
        }
    }, ct);

    public Task<int> ReadAsync(string name, long offset, Memory<byte> into, CancellationToken ct) => Run("read", name, () =>
    {
        using var file = File.OpenHandle(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var done = 0;
        while (done < into.Length)
        {
            var read = RandomAccess.Read(file, into.Span[done..], offset + done);
            if (read == 0) break;
            done += read;
        }

        return done;
    }, ct);

    public async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var blob in await Run("list", prefix, () => Walk(prefix).ToList(), ct)) yield return blob;
    }

    public Task DeleteAsync(string name, CancellationToken ct) => Run("delete", name, () =>
    {
        var path = PathOf(name);
        if (!Posix.TryUnlink(path)) return false;
        try
        {
            Posix.SyncFolder(Path.GetDirectoryName(path)!);
        }
        catch (PosixException e) when (e.Number == Posix.NoEntry)
        {
            // Another delete took the emptied folder away.
            return true;
        }

        RemoveEmptyFolders(Path.GetDirectoryName(path)!);
        return true;
    }, ct);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private IEnumerable<BlobInfo> Walk(string prefix)
    {
        // Only the folder that the prefix names is read, not the whole pool.
        var start = Path.Combine(root, prefix.Contains('/', StringComparison.Ordinal) ? prefix[..prefix.LastIndexOf('/')] : "");
        if (!Directory.Exists(start)) yield break;
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };
        foreach (var file in new DirectoryInfo(start).EnumerateFiles("*", options))
        {
            var name = Path.GetRelativePath(root, file.FullName);
            if (name.StartsWith(prefix, StringComparison.Ordinal) && !name.StartsWith(".drafts/", StringComparison.Ordinal)) yield return new BlobInfo(name, file.Length);
        }
    }

    private static bool Publish(string draft, string path)
    {
        for (var tries = 1; ; tries++)
        {
            MakeFolder(Path.GetDirectoryName(path)!);
            try
            {
                return Posix.TryPublish(draft, path);
            }
            catch (PosixException e) when (e.Number == Posix.NoEntry && tries < 5)
            {
                // A delete beside us removed the folder while it was empty: make it again.
            }
        }
    }

    private static void Write(string path, ReadOnlyMemory<byte> content)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        RandomAccess.Write(file, content.Span, 0);
        Posix.Sync(file, path);
    }

    /// <summary>Makes the folder and what is missing above it; each new name is on the device before the next is made.</summary>
    private static void MakeFolder(string path)
    {
        if (Directory.Exists(path)) return;
        var above = Path.GetDirectoryName(path)!;
        MakeFolder(above);
        Directory.CreateDirectory(path, Private);
        Posix.SyncFolder(above);
    }

    private void RemoveEmptyFolders(string folder)
    {
        for (; folder.Length > root.Length; folder = Path.GetDirectoryName(folder)!)
        {
            try
            {
                Directory.Delete(folder, recursive: false);
            }
            catch (IOException)
            {
                // Not empty, or gone already: both are fine.
                return;
            }
        }
    }

    private string PathOf(string name) => BlobName.IsValid(name) ? Path.Combine(root, name) : throw new ArgumentException($"not a blob name: {name}", nameof(name));

    private static async Task<T> Run<T>(string action, string name, Func<T> work, CancellationToken ct)
    {
        try
        {
            // A hanging disk or share must not hold the caller beyond its limit.
            return await Task.Run(work, ct).WaitAsync(ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FolderFaults.Of(e, action, name);
        }
    }
}

internal static class BlobName
{
    /// <summary>Parts of letters, digits, <c>_</c> and <c>-</c> joined by <c>/</c>; so no name leaves its store's place.</summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= 512 && Array.TrueForAll(name.Split('/'), part => part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'));
}
