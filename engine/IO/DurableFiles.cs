using System.Text;

namespace HyperBdr.Engine.IO;

/// <summary>Small files of a program's own that are whole and on the disk before anybody can see their name; for their owner only.</summary>
/// <remarks>Draft in the same folder, write, fsync, rename, fsync of the folder: a crash leaves the old file or the new one, and perhaps a draft (<c>.{name}.{id}.part</c>).</remarks>
public static class DurableFiles
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    /// <summary>Puts the bytes under <paramref name="path"/>, in place of a file that is there (mode 0600).</summary>
    /// <exception cref="IOException">The disk did not take it; what was under <paramref name="path"/> is unchanged.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var draft = Path.Combine(folder, $".{Path.GetFileName(path)}.{Guid.CreateVersion7():n}.part");
        try
        {
            using (var file = new FileStream(draft, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0, UnixCreateMode = OwnerFile }))
            {
                file.Write(bytes);
                // After a failed sync the draft is given up, never synced again: the kernel may have dropped its pages (fsync(2)).
                Posix.Sync(file.SafeFileHandle, draft);
            }

            File.Move(draft, path, overwrite: true);
            Posix.SyncFolder(folder);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

    /// <inheritdoc cref="Write(string, ReadOnlySpan{byte})"/>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Gives a file another name, so that it has it after a crash too.</summary>
    public static void Rename(string from, string to)
    {
        File.Move(from, to, overwrite: true);
        Posix.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(to))!);
    }

    /// <summary>Removes the file, if it is there, so that it stays removed after a crash.</summary>
    public static void Delete(string path)
    {
        if (!File.Exists(path)) return;
        File.Delete(path);
        Posix.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>A folder for its owner only (mode 0700), also when it was there with a wider mode.</summary>
    public static void MakeFolder(string path)
    {
        Directory.CreateDirectory(path, OwnerFolder);
        if (File.GetUnixFileMode(path) != OwnerFolder) File.SetUnixFileMode(path, OwnerFolder);
    }

    /// <summary>The whole file; null when it is not there.</summary>
    /// <exception cref="IOException">It has more than <paramref name="maxLength"/> bytes, or cannot be read.</exception>
    public static byte[]? Read(string path, int maxLength)
    {
        if (!File.Exists(path)) return null;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length > maxLength) throw new IOException($"{path} has {file.Length} bytes, at most {maxLength} are expected: it is not a file of this program.");
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
