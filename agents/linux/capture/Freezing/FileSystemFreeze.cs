using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Capture.Freezing;

/// <summary>Freezes and thaws some file systems together. For one thread, which must write nowhere between the two.</summary>
internal sealed class FileSystemFreeze : IDisposable
{
    private readonly List<(MountedFileSystem System, SafeFileHandle Root)> systems = [];
    private readonly List<SafeFileHandle> frozen = [];

    /// <param name="order">In the order in which they can be frozen.</param>
    /// <exception cref="IOException">One cannot be opened.</exception>
    public FileSystemFreeze(IEnumerable<MountedFileSystem> order)
    {
        try
        {
            foreach (var system in order) systems.Add((system, Sys.OpenPlain(system.MountPoint)));
        }
        catch (IOException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Those that know no freeze; they were only written out.</summary>
    public List<string> NotFreezable { get; } = [];

    /// <summary>True when at least one is frozen.</summary>
    public bool IsFrozen => frozen.Count > 0;

    /// <summary>Writes out what is in memory, so that the freeze itself has little to write.</summary>
    public void Sync()
    {
        foreach (var (_, root) in systems) Sys.SyncAll(root);
    }

    /// <summary>Freezes all.</summary>
    /// <returns>Null; or why not, and then none is frozen.</returns>
    public string? TryFreeze()
    {
        NotFreezable.Clear();
        foreach (var (system, root) in systems)
        {
            var error = Sys.Freeze(root);
            switch (error)
            {
                case 0:
                    frozen.Add(root);
                    break;
                case Sys.NotSupported:
                    Sys.SyncAll(root);
                    NotFreezable.Add(system.MountPoint);
                    break;
                default:
                    Thaw();
                    return error == Sys.Busy ? $"{system.MountPoint} is frozen by somebody else" : $"{system.MountPoint} cannot be frozen (error {error})";
            }
        }

        return null;
    }

    /// <summary>Thaws what was frozen here.</summary>
    /// <returns>False when one was no longer frozen, so that it may have been written.</returns>
    public bool Thaw()
    {
        var held = true;
        for (var i = frozen.Count - 1; i >= 0; i--) held &= Sys.Thaw(frozen[i]) == 0;
        frozen.Clear();
        return held;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Thaw();
        foreach (var (_, root) in systems) root.Dispose();
    }
}
