namespace HyperBdr.Engine.Index;

/// <summary>The folder of one local index: owner-only, written by one process at a time.</summary>
/// <remarks>Who comes second reads the segments that are there and writes its own into a private folder inside, which goes when it is closed or, after a crash, with the next owner.</remarks>
internal sealed class CacheFolder : IDisposable
{
    public const string DraftSuffix = ".draft";
    public const string SegmentSuffix = ".hbis";

    private const string LockName = "owner.lock";
    private const string PrivatePrefix = "private-";
    private const int PrivateAttempts = 3;
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode FileModeBits = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream ownership;

    private CacheFolder(string shared, string own, FileStream ownership)
    {
        SharedPath = shared;
        OwnPath = own;
        this.ownership = ownership;
    }

    /// <summary>How every file of the cache is made: new, and for its owner only.</summary>
    public static FileStreamOptions NewFile => new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0, UnixCreateMode = FileModeBits };

    public string SharedPath { get; }

    /// <summary>Where this process writes.</summary>
    public string OwnPath { get; }

    public bool IsOwner => string.Equals(OwnPath, SharedPath, StringComparison.Ordinal);

    public static CacheFolder Open(string path)
    {
        Directory.CreateDirectory(path, FolderMode);
        File.SetUnixFileMode(path, FolderMode);
        if (TryLock(path) is not { } ownership) return OpenPrivate(path);
        var folder = new CacheFolder(path, path, ownership);
        folder.Clean();
        return folder;
    }

    /// <summary>Segment files that a start may use; only the owner may delete them.</summary>
    public IEnumerable<string> SegmentFiles() => Directory.EnumerateFiles(SharedPath, "*" + SegmentSuffix);

    public void Dispose()
    {
        if (!IsOwner) Directory.Delete(OwnPath, recursive: true);
        ownership.Dispose();
    }

    private static CacheFolder OpenPrivate(string shared)
    {
        // An owner that starts at the same moment may take the lock of a new folder for that of a dead process.
        for (var attempt = 1; ; attempt++)
        {
            var own = Path.Combine(shared, $"{PrivatePrefix}{Guid.CreateVersion7():N}");
            Directory.CreateDirectory(own, FolderMode);
            if (TryLock(own) is { } ownership) return new CacheFolder(shared, own, ownership);
            if (attempt == PrivateAttempts) throw new IOException($"{own} is taken");
        }
    }

    private static FileStream? TryLock(string folder)
    {
        try
        {
            // FileShare.None is flock(2), which the kernel takes back from a process that dies.
            return new FileStream(Path.Combine(folder, LockName), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = FileModeBits,
            });
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException) && File.Exists(Path.Combine(folder, LockName)))
        {
            return null;
        }
    }

    // What a process that died left behind. A private folder without an owner is nobody's.
    private void Clean()
    {
        foreach (var draft in Directory.EnumerateFiles(SharedPath, "*" + DraftSuffix)) File.Delete(draft);
        foreach (var other in Directory.EnumerateDirectories(SharedPath, PrivatePrefix + "*"))
        {
            using var taken = File.Exists(Path.Combine(other, LockName)) ? TryLock(other) : null;
            if (taken is not null) Directory.Delete(other, recursive: true);
        }
    }
}
