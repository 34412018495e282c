using System.Security.Cryptography;
using HyperBdr.ServiceDefaults.IO;
using Microsoft.Extensions.Configuration;

namespace HyperBdr.ServiceDefaults.Security;

/// <summary>Keys in <c>$HYPERBDR_HOME/secrets</c>, one file each, made at first use by whichever process comes first.</summary>
public sealed class SecretFiles
{
    public SecretFiles(IConfiguration configuration)
    {
        Home = configuration["HYPERBDR_HOME"] ?? throw new InvalidOperationException("HYPERBDR_HOME is not set: name the folder of data, logs and secrets.");
        Folder = Path.Combine(Home, "secrets");
        Directory.CreateDirectory(Home);
        Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The folder of all data of this installation.</summary>
    public string Home { get; }

    public string Folder { get; }

    /// <summary>The key's bytes; made from the system's random source when there is no such file.</summary>
    /// <param name="name">File name without extension.</param>
    /// <param name="length">Bytes; a file of another length is refused.</param>
    public byte[] Key(string name, int length = 32)
    {
        var path = Path.Combine(Folder, name + ".key");
        if (!Has(name)) WriteOnce(path, RandomNumberGenerator.GetBytes(length));
        var key = File.ReadAllBytes(path);
        return key.Length == length ? key : throw new InvalidDataException($"{path} has {key.Length} bytes instead of {length}: put the right key back from your backup.");
    }

    /// <summary>Whether the key exists already.</summary>
    public bool Has(string name) => File.Exists(Path.Combine(Folder, name + ".key"));

    /// <summary>Writes the file complete and only if nobody was first: a hard link takes the name or finds it taken.</summary>
    public static void WriteOnce(string path, byte[] content)
    {
        var draft = $"{path}.{Guid.CreateVersion7():n}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using (var file = new FileStream(draft, options))
        {
            file.Write(content);
            file.Flush();
            DurableFile.Sync(file.SafeFileHandle, draft);
        }

        try
        {
            File.Move(draft, path, overwrite: false);
            DurableFile.SyncFolder(Path.GetDirectoryName(path)!);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }
    }
}
