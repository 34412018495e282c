using System.Text;
using HyperBdr.Engine.IO;

namespace HyperBdr.Engine.Codec.Keys;

/// <summary>A text file with one <see cref="KeyText"/> line; empty lines and lines that begin with <c>#</c> do not count.</summary>
public static class KeyFile
{
    private const int MaxBytes = 4096;

    /// <summary>Writes a new file that its owner alone may read and write (mode 0600); durable when this returns.</summary>
    /// <param name="path">A path whose folder exists.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="EngineException"><see cref="Fault.NameTaken"/>: there is something at this path, which did not change.
    /// <see cref="Fault.TargetFailed"/>: it cannot be written.</exception>
    public static void Create(string path, RawKey key)
    {
        var full = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(full) ?? throw new EngineException(Fault.InvalidArgument, path, "is no path of a file");
        var draft = Path.Combine(folder, $".{Path.GetFileName(full)}.{Guid.CreateVersion7():N}");
        var text = "# Key of a HyperBdr repository. Whoever has the line below can read all of it; without it nobody can.\n"
            + KeyText.Format(key) + "\n";
        try
        {
            Publish(draft, full, Encoding.ASCII.GetBytes(text));
            Posix.SyncFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(Fault.TargetFailed, path, "the key file cannot be written", e);
        }
    }

    /// <summary>Reads the key.</summary>
    /// <exception cref="EngineException"><see cref="Fault.NotFound"/>, <see cref="Fault.SourceUnreadable"/>; <see cref="Fault.InvalidArgument"/>:
    /// not a key file, or a mistyped key. <see cref="Fault.NewerFormat"/>.</exception>
    public static RawKey Read(string path)
    {
        string? found = null;
        foreach (var line in ReadText(path).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith('#')) continue;
            if (found is not null) throw new EngineException(Fault.InvalidArgument, path, "holds more than one key");
            found = line;
        }

        if (found is null) throw new EngineException(Fault.InvalidArgument, path, "holds no key");
        try
        {
            return KeyText.Parse(found);
        }
        catch (EngineException e)
        {
            throw new EngineException(e.Fault, path, e.Message, e);
        }
    }

    private static void Publish(string draft, string path, ReadOnlySpan<byte> content)
    {
        try
        {
            Write(draft, content);
            if (!Posix.TryPublish(draft, path)) throw new EngineException(Fault.NameTaken, path, "exists already and is not overwritten");
        }
        finally
        {
            // No secret stays behind in a draft; without effect when the draft became the key file.
            Posix.TryUnlink(draft);
        }
    }

    private static void Write(string path, ReadOnlySpan<byte> content)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(content);
        Posix.Sync(file.SafeFileHandle, path);
    }

    private static string ReadText(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            var bytes = new byte[MaxBytes + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length <= MaxBytes
                ? Encoding.UTF8.GetString(bytes, 0, length)
                : throw new EngineException(Fault.InvalidArgument, path, $"is longer than {MaxBytes} bytes, so no key file");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new EngineException(Fault.NotFound, path, "there is no such key file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException(Fault.SourceUnreadable, path, "the key file cannot be read", e);
        }
    }
}
