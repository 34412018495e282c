using System.Runtime.CompilerServices;
using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.Stores;

/// <summary>Blobs as files below one folder, for their owner only; a blob's name is its path.</summary>
/// <remarks>
/// A put writes a draft in <c>.tmp</c> (no blob's name has a dot), syncs it, gives it its name without replacing, and syncs the folder;
/// every sync is checked. A crash leaves a draft at worst. Links below the folder are not followed: what is not a plain file is no blob.
/// System calls run on threads of the store's own; a call that has begun is not cancelled. Safe for calls side by side and for several
/// processes on one folder. See <c>docs/formats/store.md</c>.
/// </remarks>
public sealed class FolderStore : IBlobStore, IDraftCleaner
{
    /// <summary>Bytes from which on a put goes past the page cache.</summary>
    private const int DirectFrom = 1024 * 1024;

    private const string Drafts = ".tmp";
    private const int MaxOpenFiles = 64;
    private const int MaxCallsAtOnce = 8;
    private const int MaxPublishTries = 4;

    private readonly string folder;
    private readonly FolderTree tree;
    private readonly OpenFiles open = new(MaxOpenFiles);
    private readonly BlockingLane lane = new("folder store", MaxCallsAtOnce);

    /// <summary>A store below <paramref name="folder"/>, which the first put makes when it is missing; nothing is touched before.</summary>
    public FolderStore(string folder)
    {
        if (folder.Length == 0) throw new EngineException(Fault.InvalidArgument, "folder", "no path given");
        this.folder = Path.GetFullPath(folder);
        tree = new FolderTree(this.folder);
    }

    /// <inheritdoc/>
    public string Location => folder;

    /// <inheritdoc/>
    public Task<PutOutcome> PutAsync(BlobName name, ReadOnlyMemory<byte> content, CancellationToken ct) => Run(name.Value, () =>
        Compare(name, content) ?? Create(name, content) ?? Compare(name, content) ?? throw new EngineException(Fault.StoreUnavailable, name.Value, "deleted while it was put"), ct);

    /// <inheritdoc/>
    public Task<int> ReadAsync(BlobName name, long offset, Memory<byte> into, CancellationToken ct)
    {
        if (offset < 0) throw new EngineException(Fault.InvalidArgument, name.Value, $"offset {offset}");
        return Run(name.Value, () =>
        {
            using var lease = Lend(name);
            return Posix.ReadFully(lease.File!, into.Span, offset, name.Value);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<BlobInfo?> FindAsync(BlobName name, CancellationToken ct) => Run(name.Value, () =>
    {
        using var above = OpenFolder(Above(name));
        if (above is null || Posix.FactsAt(above, name.LastPart) is not { IsFile: true } facts) return null;
        return new BlobInfo(name, facts.Length, facts.ModifiedAt);
    }, ct);

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlobInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        BlobPrefix.Check(prefix);
        // Only below the folder that the prefix names, one folder at a time: memory is that of one folder.
        var pending = new Stack<string>([prefix[..Math.Max(prefix.LastIndexOf('/'), 0)]]);
        while (pending.TryPop(out var path))
        {
            var (blobs, folders) = await Run(path, () => Look(path, prefix), ct);
            foreach (var below in folders) pending.Push(below);
            foreach (var blob in blobs) yield return blob;
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(BlobName name, CancellationToken ct) => Run(name.Value, () =>
    {
        open.Forget(name);
        using var above = OpenFolder(Above(name));
        if (above is null || Posix.FactsAt(above, name.LastPart) is not { IsFile: true }) return false;
        Posix.TryUnlinkAt(above, name.LastPart);
        FolderTree.SyncNames(above, name.Value);
        return true;
    }, ct);

    /// <inheritdoc/>
    /// <remarks>The time of a fresh file, so that it is the server's on a network share.</remarks>
    public Task<DateTimeOffset> ClockAsync(CancellationToken ct) => Run(Drafts, () =>
    {
        using var drafts = tree.Make(Drafts);
        return Clock(drafts);
    }, ct);

    /// <inheritdoc/>
    public Task<int> CleanAsync(TimeSpan olderThan, CancellationToken ct) => Run(Drafts, () =>
    {
        using var drafts = tree.Make(Drafts);
        var limit = Clock(drafts) - olderThan;
        return Posix.NamesIn(drafts, Drafts)
            .Count(draft => Posix.FactsAt(drafts, draft) is { IsFolder: false } facts && facts.ModifiedAt < limit && Posix.TryUnlinkAt(drafts, draft));
    }, ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lane.Dispose();
        open.Dispose();
        return ValueTask.CompletedTask;
    }

    private static DateTimeOffset Clock(SafeFileHandle drafts)
    {
        var draft = NewDraft();
        try
        {
            using var file = Posix.CreateFileAt(drafts, draft);
            return Posix.FactsOf(file).ModifiedAt;
        }
        finally
        {
            Posix.DropAt(drafts, draft);
        }
    }

    /// <summary>Null when another put took the name meanwhile.</summary>
    private PutOutcome? Create(BlobName name, ReadOnlyMemory<byte> content)
    {
        using var drafts = tree.Make(Drafts);
        var draft = NewDraft();
        try
        {
            using (var file = Posix.CreateFileAt(drafts, draft))
            {
                if (content.Length >= DirectFrom) Posix.WriteAllDirect(file, content.Span, name.Value);
                else Posix.WriteAll(file, content.Span, 0, name.Value);
                Posix.Sync(file, name.Value);
            }

            return Publish(drafts, draft, name);
        }
        finally
        {
            // Gone after a rename; still there after a failure, after a link, or when the name was taken.
            Posix.DropAt(drafts, draft);
        }
    }

    private PutOutcome? Publish(SafeFileHandle drafts, string draft, BlobName name)
    {
        for (var tries = 1; ; tries++)
        {
            using var above = tree.Make(Above(name));
            try
            {
                if (!Posix.TryPublishAt(drafts, draft, above, name.LastPart)) return null;
                FolderTree.SyncNames(above, name.Value);
                return PutOutcome.Created;
            }
            catch (PosixException e) when (e.Number == Posix.NoEntry && tries < MaxPublishTries)
            {
                // Somebody tidied the empty folder away between its making and the publication.
            }
        }
    }

    /// <summary>Null when the name is free.</summary>
    private PutOutcome? Compare(BlobName name, ReadOnlyMemory<byte> content)
    {
        using var above = OpenFolder(Above(name));
        if (above is null || Posix.FactsAt(above, name.LastPart) is not { } facts) return null;
        if (!facts.IsFile || facts.Length != content.Length) throw Taken(name);
        using var file = Posix.OpenFileAt(above, name.LastPart);
        if (file is null) return null;
        if (!FileContent.Equals(file, content.Span, name.Value)) throw Taken(name);
        // Whoever put it may have died before its syncs, or copied it here without any.
        Posix.Sync(file, name.Value);
        tree.Make(Above(name)).Dispose();
        FolderTree.SyncNames(above, name.Value);
        return PutOutcome.AlreadyThere;
    }

    private OpenFiles.Lease Lend(BlobName name)
    {
        var lease = open.Take(name);
        if (lease.File is not null) return lease;
        using var above = OpenFolder(Above(name));
        if (above is null || Posix.FactsAt(above, name.LastPart) is not { IsFile: true }) throw Missing(name);
        return open.Add(name, Posix.OpenFileAt(above, name.LastPart) ?? throw Missing(name));
    }

    private (List<BlobInfo> Blobs, List<string> Folders) Look(string path, string prefix)
    {
        var (blobs, folders) = (new List<BlobInfo>(), new List<string>());
        using var handle = OpenFolder(path);
        if (handle is null) return (blobs, folders);
        foreach (var part in Posix.NamesIn(handle, path))
        {
            var full = path.Length == 0 ? part : $"{path}/{part}";
            if (!BlobName.IsValid(full) || Posix.FactsAt(handle, part) is not { } facts) continue;
            if (facts.IsFolder && (full.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(full + "/", StringComparison.Ordinal))) folders.Add(full);
            else if (facts.IsFile && full.StartsWith(prefix, StringComparison.Ordinal)) blobs.Add(new BlobInfo(new BlobName(full), facts.Length, facts.ModifiedAt));
        }

        return (blobs, folders);
    }

    /// <summary>Null when there is no such folder, or something else has its name, so that no blob below it exists either.</summary>
    private SafeFileHandle? OpenFolder(ReadOnlySpan<char> path)
    {
        try
        {
            return tree.Open(path);
        }
        catch (PosixException e) when (e.Number is Posix.NotADirectory or Posix.LinkInTheWay)
        {
            return null;
        }
    }

    private static ReadOnlySpan<char> Above(BlobName name) => name.Value.AsSpan(0, Math.Max(name.Value.LastIndexOf('/'), 0));

    private static string NewDraft() => Guid.CreateVersion7().ToString("n");

    private static EngineException Missing(BlobName name) => new(Fault.NotFound, name.Value, "no such blob");

    private static EngineException Taken(BlobName name) => new(Fault.NameTaken, name.Value, "the name holds other content");

    private Task<T> Run<T>(string subject, Func<T> call, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        return lane.RunAsync(() =>
        {
            try
            {
                return call();
            }
            catch (PosixException e)
            {
                throw FolderFaults.Of(e, $"{folder}/{subject}");
            }
        }, ct);
    }
}
