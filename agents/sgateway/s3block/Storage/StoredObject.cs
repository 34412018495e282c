using System.Buffers;

namespace HyperBdr.S3Block.Storage;

/// <summary>A version that is open for reading: it stays readable to its end whatever happens to its name.</summary>
internal sealed class StoredObject(EntryFile file, Entry entry, IDisposable? hold, string partsFolder) : IDisposable
{
    public Entry Entry => entry;

    /// <summary>Hands out the range in pieces of at most a block, each verified before.</summary>
    /// <exception cref="RotException"/>
    public async Task ReadAsync(long from, long count, Func<ReadOnlyMemory<byte>, ValueTask> take)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(EntryFormat.BlockBytes);
        try
        {
            if (entry.Parts is not { } parts)
            {
                await ReadAsync(file, from, count, buffer, take);
                return;
            }

            var begin = 0L;
            foreach (var part in parts)
            {
                var skip = Math.Max(0, from - begin);
                var due = Math.Min(part.Length - skip, from + count - begin - skip);
                begin += part.Length;
                if (due <= 0) continue;
                var path = Path.Combine(partsFolder, part.File);
                using var opened = EntryFile.Open(path) ?? throw new RotException(path, "missing");
                if (opened.Length != part.Length || opened.Entry.ETag != part.ETag) throw new RotException(path, "another part");
                await ReadAsync(opened, skip, due, buffer, take);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose()
    {
        file.Dispose();
        hold?.Dispose();
    }

    private static async Task ReadAsync(EntryFile from, long at, long count, byte[] buffer, Func<ReadOnlyMemory<byte>, ValueTask> take)
    {
        if (at + count > from.Length) throw new RotException(from.Entry.Key, "shorter than it says");
        while (count > 0)
        {
            var read = from.ReadBlock((int)(at / EntryFormat.BlockBytes), buffer);
            var skip = (int)(at % EntryFormat.BlockBytes);
            var piece = (int)Math.Min(count, read - skip);
            await take(buffer.AsMemory(skip, piece));
            at += piece;
            count -= piece;
        }
    }
}

/// <summary>Folders of parts that are being read: one that must go waits for its readers.</summary>
internal sealed class PartsInUse(Action<string> delete)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, (int Readers, bool Doomed)> inUse = new(StringComparer.Ordinal);

    public IDisposable Hold(string upload)
    {
        lock (gate)
        {
            var (readers, doomed) = inUse.GetValueOrDefault(upload);
            inUse[upload] = (readers + 1, doomed);
        }

        return new Release(this, upload);
    }

    /// <summary>Deletes now, or when the last reader is done.</summary>
    public void Doom(string upload)
    {
        lock (gate)
        {
            if (inUse.TryGetValue(upload, out var use))
            {
                inUse[upload] = (use.Readers, true);
                return;
            }
        }

        delete(upload);
    }

    private void Done(string upload)
    {
        lock (gate)
        {
            var (readers, doomed) = inUse[upload];
            if (readers > 1)
            {
                inUse[upload] = (readers - 1, doomed);
                return;
            }

            inUse.Remove(upload);
            if (!doomed) return;
        }

        delete(upload);
    }

    private sealed class Release(PartsInUse owner, string upload) : IDisposable
    {
        private int done;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref done, 1) == 0) owner.Done(upload);
        }
    }
}
