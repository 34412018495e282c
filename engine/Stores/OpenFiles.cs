using HyperBdr.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace HyperBdr.Engine.Stores;

/// <summary>The blobs read last, kept open: a restore reads the same pack many times.</summary>
/// <param name="capacity">Files held open at most, besides those in use.</param>
internal sealed class OpenFiles(int capacity) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<BlobName, LinkedListNode<(BlobName Name, SafeFileHandle File)>> known = [];
    private readonly LinkedList<(BlobName Name, SafeFileHandle File)> byUse = new();

    /// <summary>The open file, held until the lease is disposed; default when it is not here or was deleted behind our back.</summary>
    public Lease Take(BlobName name)
    {
        lock (gate)
        {
            if (!known.TryGetValue(name, out var node)) return default;
            if (IsGone(node.Value.File))
            {
                Remove(node);
                return default;
            }

            byUse.Remove(node);
            byUse.AddFirst(node);
            return new Lease(node.Value.File);
        }
    }

    /// <summary>Keeps a file that was just opened, and lends it.</summary>
    public Lease Add(BlobName name, SafeFileHandle file)
    {
        lock (gate)
        {
            var lease = new Lease(file);
            if (known.TryGetValue(name, out var former)) Remove(former);
            known[name] = byUse.AddFirst((name, file));
            if (known.Count > capacity) Remove(byUse.Last!);
            return lease;
        }
    }

    public void Forget(BlobName name)
    {
        lock (gate)
        {
            if (known.TryGetValue(name, out var node)) Remove(node);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            while (byUse.First is { } node) Remove(node);
        }
    }

    private static bool IsGone(SafeFileHandle file)
    {
        try
        {
            return Posix.FactsOf(file).Links == 0;
        }
        catch (PosixException e) when (e.Number == Posix.StaleHandle)
        {
            // A share was mounted anew: the file may be there under another handle.
            return true;
        }
    }

    private void Remove(LinkedListNode<(BlobName Name, SafeFileHandle File)> node)
    {
        known.Remove(node.Value.Name);
        byUse.Remove(node);
        // A lease keeps the descriptor alive until it is done.
        node.Value.File.Dispose();
    }

    /// <summary>Counts one user of the handle, so that eviction closes it only after the last one.</summary>
    internal readonly struct Lease : IDisposable
    {
        public Lease(SafeFileHandle file)
        {
            var counted = false;
            file.DangerousAddRef(ref counted);
            File = file;
        }

        public SafeFileHandle? File { get; }

        public void Dispose() => File?.DangerousRelease();
    }
}
